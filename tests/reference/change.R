# Reference values of contrasts and of change between waves: Rscript change.R in this folder, with survey >= 4.4.
# Writes change.csv. Waves are stacked with shared strata and units; covariances come from svyby(covmat = TRUE).
# Only enterprises that stay are compared: there the stacked design is exact (see tests/simulations/growth.md).
suppressMessages(library(survey))
options(survey.lonely.psu = "fail")
rows <- list()
add <- function(case, domain, name, estimate, se)
  rows[[length(rows) + 1]] <<- data.frame(case, domain, name, estimate = as.numeric(estimate)[1], se = as.numeric(se)[1])

x <- read.csv("stratified_clusters.csv")
x <- x[!is.na(x$pay) & !(x$stratum %in% c("h00", "h01", "h02")), ]
for (fpc in c(FALSE, TRUE)) {
  d <- if (fpc) svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = x) else
    svydesign(~firm, strata = ~stratum, weights = ~weight, data = x)
  case <- if (fpc) "contrast fpc" else "contrast"
  m <- svyby(~pay, ~industry, d, svymean, covmat = TRUE)
  a <- svycontrast(m, c(C = 1, G = -1)); add(case, "industry", "C-G", coef(a), SE(a))
  a <- svycontrast(m, c(C = 0.5, G = 0.5, I = -1)); add(case, "industry", "CG/2-I", coef(a), SE(a))
  a <- svycontrast(m, quote(C / G)); add(case, "industry", "C/G", coef(a), SE(a))
  m <- svyby(~pay, ~sex, d, svymean, covmat = TRUE)
  a <- svycontrast(m, c(male = 1, female = -1)); add(case, "sex", "male-female", coef(a), SE(a))
  m <- svyby(~pay, ~sex, d, svytotal, covmat = TRUE)
  a <- svycontrast(m, c(male = 1, female = -1)); add(case, "sex total", "male-female", coef(a), SE(a))
}

y <- read.csv("two_waves.csv")
y$w <- ifelse(y$wave == 2022, "before", "after")
stay <- intersect(y$firm[y$wave == 2022], y$firm[y$wave == 2023])
both <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = y[y$firm %in% stay, ], nest = TRUE)
fpc <- svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = y[y$firm %in% stay, ], nest = TRUE)
for (case in c("stay", "stay fpc")) for (domain in c("all", "female", "male")) {
  d <- if (case == "stay") both else fpc
  if (domain != "all") d <- subset(d, sex == domain)
  m <- svyby(~pay, ~w, d, svymean, covmat = TRUE)
  a <- svycontrast(m, quote(after / before - 1)); add(case, domain, "mean", coef(a), SE(a))
  m <- svyby(~pay, ~w, d, svytotal, covmat = TRUE)
  a <- svycontrast(m, quote(after / before - 1)); add(case, domain, "total", coef(a), SE(a))
}
result <- do.call(rbind, rows)
for (column in c("estimate", "se")) result[[column]] <- trimws(formatC(result[[column]], digits = 17, format = "g"))
write.csv(result, "change.csv", row.names = FALSE, quote = 1:3)
print(result)
