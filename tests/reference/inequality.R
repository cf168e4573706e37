# Reference values of inequality measures: Rscript inequality.R in this folder, with survey >= 4.4, convey and laeken.
# Writes inequality.csv. Gini: laeken's point (convey's moves when all weights are scaled) and its linearized
# variable as the quotient (2 T1 - Q) / (T2 N); everything else convey's own point and standard error.
suppressMessages({library(survey); library(convey); library(laeken)})
options(survey.lonely.psu = "fail")
x <- read.csv("stratified_clusters.csv")
x <- x[!is.na(x$pay) & !(x$stratum %in% c("h00", "h01", "h02")), ]
rows <- list()
add <- function(statistic, domain, estimate, se)
  rows[[length(rows) + 1]] <<- data.frame(statistic, domain, estimate = as.numeric(estimate)[1], se = as.numeric(se)[1])
full <- convey_prep(svydesign(~firm, strata = ~stratum, weights = ~weight, data = x))

variance_of <- function(lin, d) sqrt(as.numeric(svyrecvar(lin * weights(d), d$cluster, d$strata, d$fpc)))
gini_se <- function(d) {
  y <- d$variables$pay; w <- weights(d); o <- order(y); yo <- y[o]; wo <- w[o]
  r <- cumsum(wo); G <- cumsum(wo * yo); T1 <- sum(r * yo * wo); T2 <- sum(yo * wo); N <- sum(wo); Q <- sum(wo^2 * yo)
  l1 <- T2 - G + yo * wo + r * yo                       # of T1, as convey
  lin <- (2 * l1 - 2 * wo * yo) / (T2 * N) - (2 * T1 - Q) / (T2 * N) * (yo / T2 + 1 / N)
  variance_of(lin[order(o)], d)
}
for (domain in c("all", sort(unique(x$industry)))) {
  d <- if (domain == "all") full else subset(full, industry == domain)
  y <- d$variables$pay; w <- weights(d)
  add("gini", domain, gini(y, weights = w)$value / 100, gini_se(d))
  q <- svyqsr(~pay, d); add("s80s20", domain, coef(q), SE(q))
  g <- svygei(~pay, d, epsilon = 1); add("theil", domain, coef(g), SE(g))
  a <- svyarpr(~pay, d, percent = 2 / 3); add("low_pay_share", domain, coef(a), SE(a))
  own <- convey_prep(svydesign(~firm, strata = ~stratum, weights = ~weight, data = d$variables))
  s <- svygpg(~pay, d, ~sex); add("pay_gap", domain, coef(s), SE(s))
  add("pay_gap_median", domain, gpg(y, gender = factor(d$variables$sex), weights = w, method = "median")$value, NA)
  p <- svymean(~sex, d); add("proportion female", domain, coef(p)[1], SE(p)[1])
  t <- svytotal(~I(pay * 0 + 1), d); add("count", domain, coef(t)[1], SE(t)[1])
}
result <- do.call(rbind, rows)
for (column in c("estimate", "se")) result[[column]] <- trimws(formatC(result[[column]], digits = 17, format = "g"))
write.csv(result, "inequality.csv", row.names = FALSE, quote = 1:2)
print(head(result, 9)); cat("convey", as.character(packageVersion("convey")), "laeken", as.character(packageVersion("laeken")), "\n")
