# Reference values of weighting: Rscript weighting.R, in this folder, with R survey >= 4.4; the data are made by
# weighting_data.py first. Writes weighting_g.csv (g-weights, one column a method), weighting_estimates.csv
# (estimates and standard errors), weighting_bootstrap.csv (multipliers that R drew) and weighting_rows.csv
# (trimmed weights, response propensities). Iterative methods run to epsilon 1e-12.
suppressMessages(library(survey))
stopifnot(packageVersion("survey") >= "4.4")
seventeen <- function(x) trimws(formatC(x, digits = 17, format = "g"))
rows <- list()
add <- function(case, statistic, estimate, se, df = NA)
  rows[[length(rows) + 1]] <<- data.frame(case, statistic, estimate = seventeen(as.numeric(estimate)),
                                          se = seventeen(as.numeric(se)), df = as.numeric(df))
three <- function(case, d, df = NA) {
  m <- svymean(~pay, d, na.rm = TRUE); add(case, "mean", coef(m), SE(m), df)
  s <- svytotal(~pay, d, na.rm = TRUE); add(case, "total", coef(s), SE(s), df)
  r <- svyratio(~pay, ~hours, d, na.rm = TRUE); add(case, "ratio", coef(r), SE(r), df)
}

x <- read.csv("weighting_sample.csv")
x$size <- factor(x$size)
d <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = x)
g <- list()
calibrated <- function(name, formula, ..., design = d) {
  totals <- colSums(model.matrix(formula, x) * x$target)
  e <- calibrate(design, formula, totals, ..., epsilon = 1e-12, maxit = 500)
  g[[name]] <<- weights(e) / weights(design)
  three(name, e)
  for (value in sort(unique(x$sex))) {
    m <- svymean(~pay, subset(e, sex == value)); add(name, paste0("mean sex=", value), coef(m), SE(m))
  }
}
p <- postStratify(d, ~industry, xtabs(target ~ industry, x)); g$poststratify <- weights(p) / weights(d); three("poststratify", p)
p <- postStratify(d, ~industry + sex, xtabs(target ~ industry + sex, x)); g$poststratify_crossed <- weights(p) / weights(d)
three("poststratify_crossed", p)
several <- ~industry + size + sex + age
calibrated("linear", several)
calibrated("linear_crossed", ~industry * sex + age)
calibrated("linear_numeric", ~age + revenue - 1)
calibrated("linear_unit", several, aggregate.stage = 1)
calibrated("raking", several, calfun = "raking")
calibrated("raking_categories", ~industry + size + sex, calfun = "raking")
calibrated("raking_unit", several, calfun = "raking", aggregate.stage = 1)
calibrated("raking_bounded", several, calfun = "raking", bounds = c(.845, 1.09))
calibrated("logit", several, calfun = "logit", bounds = c(.8, 1.2))
calibrated("logit_tight", several, calfun = "logit", bounds = c(.845, 1.1))
calibrated("truncated", several, calfun = "linear", bounds = c(.845, 1.09))
calibrated("truncated_unit", several, calfun = "linear", bounds = c(.83, 1.15), aggregate.stage = 1)
write.csv(as.data.frame(lapply(g, function(v) seventeen(as.numeric(v)))), "weighting_g.csv", row.names = FALSE, quote = FALSE)

fpc <- svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = x)
none <- svydesign(~firm, weights = ~weight, data = x)
equal <- svydesign(~firm, weights = ~weight, fpc = rep(500, nrow(x)), data = x)
replicated <- function(case, ...) { r <- as.svrepdesign(...); three(case, r, degf(r)) }
replicated("JK1", none, type = "JK1")
replicated("JK1 fpc", equal, type = "JK1")
replicated("JK1 mse", none, type = "JK1", mse = TRUE)
replicated("JKn", d, type = "JKn")
replicated("JKn fpc", fpc, type = "JKn")
replicated("JKn mse", d, type = "JKn", mse = TRUE)
replicated("BRR", d, type = "BRR")  # R's own Hadamard matrices, on which the errors of a mean and a ratio depend
replicated("Fay 0.5", d, type = "Fay", fay.rho = .5)
replicated("Fay 0.3", d, type = "Fay", fay.rho = .3)
many <- read.csv("stratified_clusters.csv")
many <- many[!is.na(many$pay), ]
for (rule in c("adjust", "average", "remove", "certainty")) {
  options(survey.lonely.psu = rule)
  replicated(paste("JKn lone", rule), svydesign(~firm, strata = ~stratum, weights = ~weight, data = many), type = "JKn")
}
unit <- match(x$firm, unique(x$firm))
set.seed(1)
b <- as.svrepdesign(d, type = "subbootstrap", replicates = 25)
write.table(b$repweights$weights, "weighting_bootstrap.csv", sep = ",", row.names = FALSE, col.names = FALSE)
three("bootstrap", b, degf(b))
successive <- as.matrix(read.csv("weighting_successive.csv", header = FALSE))
for (mse in c(TRUE, FALSE)) {
  r <- svrepdesign(x, repweights = successive[unit, ], weights = x$weight, type = "successive-difference",
                   combined.weights = FALSE, mse = mse)
  three(if (mse) "SDR" else "SDR centred", r, degf(r))
}
write.csv(do.call(rbind, rows), "weighting_estimates.csv", row.names = FALSE, quote = FALSE)

trimmed <- function(...) weights(trimWeights(d, ...))
fit <- suppressWarnings(glm(answered ~ industry + age, family = binomial, weights = weight, data = x,
                            control = list(epsilon = 1e-14, maxit = 100)))
plain <- glm(answered ~ industry + age, family = binomial, data = x, control = list(epsilon = 1e-14, maxit = 100))
out <- data.frame(trim_upper = trimmed(upper = 15, strict = TRUE), trim_both = trimmed(upper = 14, lower = 4, strict = TRUE),
                  propensity = fitted(fit), propensity_unweighted = fitted(plain))
write.csv(as.data.frame(lapply(out, seventeen)), "weighting_rows.csv", row.names = FALSE, quote = FALSE)
cat(length(rows), "estimates from survey", as.character(packageVersion("survey")), "\n")
