# Reference values of the models: Rscript models.R, in this folder, with R survey >= 4.4, oaxaca, sae and numDeriv.
# Writes models_regression.csv, models_decomposition.csv, models_domains.csv (simulated) and models_small_area.csv.
suppressMessages({library(survey); library(oaxaca); library(sae); library(numDeriv)})
stopifnot(packageVersion("survey") >= "4.4")
save <- function(rows, file) {
  result <- do.call(rbind, rows)
  result$value <- trimws(formatC(result$value, digits = 17, format = "g"))
  write.csv(result, file, row.names = FALSE, quote = FALSE)
  cat(nrow(result), "rows in", file, "\n")
}

# -- regression --------------------------------------------------------------------------------------------------
rows <- list()
add <- function(case, quantity, i, j, value)
  rows[[length(rows) + 1]] <<- data.frame(case, quantity, i, j, value = as.numeric(value))
regression <- function(case, design, formula, test = NULL, errors_only = FALSE) {
  m <- svyglm(formula, design)
  b <- m$coefficients; v <- vcov(m); p <- length(b)
  kept <- which(!is.na(b))
  for (k in seq_along(kept)) {
    add(case, "estimate", kept[k], 0, b[kept[k]])
    for (l in seq_len(k)) add(case, "covariance", kept[k], kept[l], v[k, l])
  }
  if (errors_only) return(invisible())
  add(case, "df", 0, 0, m$df.residual)
  add(case, "n", 0, 0, length(resid(m)))
  add(case, "columns", 0, 0, p)
  add(case, "r_squared", 0, 0, 1 - m$deviance / m$null.deviance)
  if (length(kept) == p && m$df.residual > 0) {
    table <- summary(m)$coefficients; ci <- confint(m)
    for (k in 1:p) {
      add(case, "t", k, 0, table[k, 3]); add(case, "p", k, 0, table[k, 4])
      add(case, "ci_lower", k, 0, ci[k, 1]); add(case, "ci_upper", k, 0, ci[k, 2])
    }
    if (!is.null(test)) {
      f <- regTermTest(m, test)
      add(case, "F", 0, 0, f$Ftest); add(case, "F p", 0, 0, f$p)
    }
  }
}
x <- read.csv("stratified_clusters.csv")
x$few <- pmin(x$occupation, 3)
mincer <- log(pay) ~ sex + factor(few) + hours + I(hours^2)
for (rule in c("adjust", "average", "remove", "certainty")) {
  options(survey.lonely.psu = rule)
  plain <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = x)
  fpc <- svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = x)
  for (name in c("plain", "fpc")) {
    d <- get(name)
    regression(paste("clusters", name, rule, "all"), d, mincer, ~factor(few))
    regression(paste("clusters", name, rule, "industry C"), subset(d, industry == "C"), mincer, ~factor(few))
    regression(paste("clusters", name, rule, "female"), subset(d, sex == "female"), pay ~ factor(few) + hours, ~factor(few))
  }
}
options(survey.lonely.psu = "fail")
many <- x[!(x$stratum %in% c("h00", "h01", "h02")), ]
d <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = many)
regression("clusters without single units", d, log(pay) ~ industry * sex)
regression("collinear", d, log(pay) ~ hours + I(2 * hours + 1) + sex)
regression("levels", d, pay ~ hours)
regression("female in industry C", subset(d, industry == "C" & sex == "female"), log(pay) ~ hours + I(hours^2))
regression("independent rows", svydesign(~1, weights = ~weight, data = many), mincer)
regression("clusters without strata", svydesign(~firm, weights = ~weight, data = many), mincer)
y <- read.csv("two_stages.csv")
y$large <- as.numeric(y$fpc2 > 20)
d <- svydesign(~firm + worker, strata = ~stratum, weights = ~weight, fpc = ~fpc1 + fpc2, data = y)
regression("two stages", d, log(pay) ~ sex + large)
regression("two stages female", subset(d, sex == "female"), log(pay) ~ large)
# Calibrated to totals that the weights miss by 5 to 30 %, and with jackknife replicates.
d <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = many)
w <- many$weight; male <- many$sex == "male"
calibrated <- calibrate(d, ~sex, c("(Intercept)" = 1.05 * sum(w), sexmale = 1.3 * sum(w[male])), calfun = "linear")
replicates <- as.svrepdesign(d, type = "JKn")
for (name in c("calibrated", "replicates")) {
  regression(name, get(name), mincer)
  # In a domain survey counts rows of weight 0 (calibrated) and takes the rank of the weights for df (replicates).
  regression(paste(name, "female"), subset(get(name), sex == "female"), log(pay) ~ hours, errors_only = TRUE)
}
save(rows, "models_regression.csv")

# -- decomposition -----------------------------------------------------------------------------------------------
rows <- list()
take <- function(case, component, variable, statistic, value)
  rows[[length(rows) + 1]] <<- data.frame(case, component, variable, statistic, value = as.numeric(value))

# Points by the package oaxaca, which knows no weights; B is the group, A the reference. With dummies to be normalized
# it leaves the coefficients of the regression that holds the group constant as they are, so that the sides' detail
# mixes two normalizations: only their sums are kept for that one.
z <- x[!is.na(x$pay), ]
z$lpay <- log(z$pay); z$woman <- z$sex == "female"
z$few1 <- as.numeric(z$few == 1); z$few2 <- as.numeric(z$few == 2); z$few3 <- as.numeric(z$few == 3)
z$tens <- z$hours / 10
quiet <- function(e) { sink(tempfile()); on.exit(sink()); suppressMessages(e) }
names7 <- c("endowments", "coefficients", "interaction")
points <- function(case, formula) {
  r <- quiet(oaxaca(formula, data = z, R = NULL))
  take(case, "mean_reference", "total", "estimate", r$y$y.A)
  take(case, "mean_group", "total", "estimate", r$y$y.B)
  take(case, "difference", "total", "estimate", r$y$y.diff)
  for (k in names7) {
    take(case, k, "total", "estimate", r$threefold$overall[paste0("coef(", k, ")")])
    column <- r$threefold$variables[, paste0("coef(", k, ")")]
    for (name in names(column)) take(case, k, name, "estimate", column[name])
  }
  words <- c("0" = "group", "1" = "reference", "0.5" = "half", "-1" = "pooled", "-2" = "pooled_with_group")
  for (w in names(words)) {
    at <- which(abs(r$twofold$overall[, "group.weight"] - as.numeric(w)) < 1e-12)[1]
    for (k in c("explained", "unexplained", "unexplained A", "unexplained B")) {
      component <- sub(" B", "_group", sub(" A", "_reference", k))
      take(paste(case, words[w]), component, "total", "estimate", r$twofold$overall[at, paste0("coef(", k, ")")])
      column <- r$twofold$variables[[at]][, paste0("coef(", k, ")")]
      if (w == "-2" && grepl("normalized", case) && grepl("_", component)) next
      for (name in names(column)) take(paste(case, words[w]), component, name, "estimate", column[name])
    }
  }
}
points("package", lpay ~ tens + few1 + few2 + few3 | woman)
points("package normalized", lpay ~ tens + few1 + few2 + few3 | woman | few1 + few2 + few3)

# Standard errors: linearized variables of survey's regressions and means, and numerical differentiation.
weighted <- function(case, design, formula) {
  data <- design$variables
  w <- weights(design, "sampling"); n <- nrow(data)
  at <- function(part, f) {
    r <- svyglm(f, part, influence = TRUE)
    s <- matrix(0, n, length(coef(r)))
    s[match(rownames(part$variables), rownames(data)), ] <- attr(r, "influence")
    list(b = coef(r), s = s)
  }
  mx <- model.matrix(formula, data); p <- ncol(mx)
  means <- function(inside) {
    total <- sum(w[inside]); m <- colSums(mx * w * inside) / total
    list(m = m, s = sweep(mx, 2, m) * (w * inside / total))
  }
  a <- !data$woman
  A <- at(subset(design, !woman), formula); B <- at(subset(design, woman), formula)
  pooled <- at(design, formula); both <- at(design, update(formula, . ~ . + woman))
  mA <- means(a); mB <- means(!a)
  share <- sum(w[a]) / sum(w)
  theta <- c(A$b, mA$m, B$b, mB$m, pooled$b, both$b[1:p], share)
  scores <- cbind(A$s, mA$s, B$s, mB$s, pooled$s, both$s[, 1:p], w * (a - share) / sum(w))
  v <- survey:::svyrecvar(scores, design$cluster, design$strata, design$fpc, postStrata = design$postStrata)
  groups <- attr(mx, "assign") + 1
  labels <- c("Intercept", attr(terms(formula), "term.labels"))
  sums <- function(value) c(sum(value), tapply(value, groups, sum))
  components <- function(comparison) function(t) {
    g <- split(t[1:(6 * p)], rep(1:6, each = p)); s <- t[6 * p + 1]
    bA <- g[[1]]; xA <- g[[2]]; bB <- g[[3]]; xB <- g[[4]]
    star <- switch(comparison, reference = bA, group = bB, half = (bA + bB) / 2, share = s * bA + (1 - s) * bB,
      pooled = g[[5]], pooled_with_group = g[[6]])
    c(sum(xA * bA), sum(xB * bB), sum(xA * bA) - sum(xB * bB),
      sums((xA - xB) * star), sums(xA * (bA - star) + xB * (star - bB)), sums(xA * (bA - star)), sums(xB * (star - bB)),
      sums((xA - xB) * bB), sums(xB * (bA - bB)), sums((xA - xB) * (bA - bB)))
  }
  words <- c("explained", "unexplained", "unexplained_reference", "unexplained_group", names7)
  for (comparison in c("reference", "group", "half", "share", "pooled", "pooled_with_group")) {
    f <- components(comparison)
    value <- f(theta); j <- jacobian(f, theta); se <- sqrt(diag(j %*% v %*% t(j)))
    key <- rbind(cbind(c("mean_reference", "mean_group", "difference"), "total"),
      do.call(rbind, lapply(words, function(k) cbind(k, c("total", labels)))))
    for (k in seq_along(value)) {
      take(paste(case, comparison), key[k, 1], key[k, 2], "estimate", value[k])
      take(paste(case, comparison), key[k, 1], key[k, 2], "se", se[k])
    }
  }
  take(case, "df", "", "df", degf(design))
  # The gap is the difference of two means: the error that survey gives for it by another way.
  gap <- svyglm(lpay ~ woman, design)
  take(case, "difference", "total", "se of svyglm", SE(gap)[2])
}
many <- z[!(z$stratum %in% c("h00", "h01", "h02")), ]
formula <- lpay ~ factor(few) + tens
d <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = many)
weighted("clusters", d, formula)
weighted("clusters industry C", subset(d, industry == "C"), formula)
weighted("clusters fpc", svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = many), formula)
w <- many$weight
weighted("calibrated", calibrate(d, ~sex, c("(Intercept)" = 1.05 * sum(w), sexmale = 1.3 * sum(w[!many$woman])),
  calfun = "linear"), formula)
# Replicates: everything computed anew under each set of weights.
mx <- model.matrix(formula, many); man <- !many$woman
pair <- withReplicates(as.svrepdesign(d, type = "JKn"), function(w, data) {
  b <- function(rows, x = mx) lm.wfit(x[rows, ], data$lpay[rows], w[rows])$coefficients
  xA <- colSums(mx[man, ] * w[man]) / sum(w[man]); xB <- colSums(mx[!man, ] * w[!man]) / sum(w[!man])
  both <- b(rep(TRUE, nrow(mx)), cbind(mx, !man))[seq_len(ncol(mx))]
  pooled <- b(rep(TRUE, nrow(mx))); share <- sum(w[man]) / sum(w); bA <- b(man); bB <- b(!man)
  c(sum((xA - xB) * both), sum((xA - xB) * pooled), sum((xA - xB) * (share * bA + (1 - share) * bB)), sum((xA - xB) * bB),
    sum(xB * (bA - bB)), sum((xA - xB) * (bA - bB)))
})
for (k in 1:6) {
  key <- c("pooled_with_group explained", "pooled explained", "share explained", "group endowments", "group coefficients",
    "group interaction")[k]
  key <- strsplit(key, " ")[[1]]
  take(paste("replicates", key[1]), key[2], "total", "estimate", pair[k])
  take(paste("replicates", key[1]), key[2], "total", "se", SE(pair)[k])
}
options(survey.lonely.psu = "adjust")
weighted("clusters adjust", svydesign(~firm, strata = ~stratum, weights = ~weight, data = z), formula)
options(survey.lonely.psu = "fail")
y$lpay <- log(y$pay); y$woman <- y$sex == "female"
weighted("two stages", svydesign(~firm + worker, strata = ~stratum, weights = ~weight, fpc = ~fpc1 + fpc2, data = y),
  lpay ~ large)
save(rows, "models_decomposition.csv")

# -- small domains -----------------------------------------------------------------------------------------------
# Simulated: 40 domains, of which the last 5 have no direct estimate; in "boundary" sampling errors explain all.
set.seed(20230901)
m <- 40
domains <- data.frame(domain = sprintf("d%02d", 1:m), register = round(runif(m, 4, 12), 3), share = round(runif(m), 3))
domains$variance <- round(exp(rnorm(m, -1, 0.8)), 4)
domains$wage <- round(2 + 0.8 * domains$register + 1.5 * domains$share + rnorm(m, 0, 0.8) + rnorm(m, 0, sqrt(domains$variance)), 4)
domains$boundary <- round(2 + 0.8 * domains$register + 1.5 * domains$share + rnorm(m, 0, 0.5 * sqrt(domains$variance)), 4)
write.csv(domains, "models_domains.csv", row.names = FALSE, quote = FALSE)
rows <- list()
put <- function(case, quantity, name, value)
  rows[[length(rows) + 1]] <<- data.frame(case, quantity, name, value = as.numeric(value))
seen <- domains[1:35, ]; rest <- domains[36:40, ]
X <- model.matrix(~ register + share, seen); X0 <- model.matrix(~ register + share, rest)
for (method in c("REML", "ML", "FH")) {
  r <- mseFH(wage ~ register + share, vardir = variance, method = method, MAXITER = 1000, PRECISION = 1e-13, data = seen)
  stopifnot(r$est$fit$convergence)
  a <- r$est$fit$refvar; beta <- r$est$fit$estcoef$beta
  put(method, "model_variance", "", a)
  put(method, "log_likelihood", "", r$est$fit$goodness["loglike"])
  for (k in 1:3) put(method, "coefficient", c("Intercept", "register", "share")[k], beta[k])
  for (k in 1:35) {
    put(method, "estimate", seen$domain[k], r$est$eblup[k]); put(method, "mse", seen$domain[k], r$mse[k])
  }
  Q <- solve(t(X) %*% (X / (a + seen$variance)))
  for (k in 1:5) {
    put(method, "estimate", rest$domain[k], X0[k, ] %*% beta)
    put(method, "mse", rest$domain[k], a + X0[k, ] %*% Q %*% X0[k, ])
  }
}
# At a model variance of 0 (sae's scoring fails there) the estimates are the regression weighted by 1 / variance.
r <- lm(boundary ~ register + share, weights = 1 / variance, data = seen)
for (k in 1:m) put("boundary", "estimate", domains$domain[k], predict(r, domains)[k])
save(rows, "models_small_area.csv")
