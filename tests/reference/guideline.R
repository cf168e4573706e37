# Reference values for growth beside the wage-growth guideline: Rscript guideline.R in this folder, survey >= 4.4.
# Writes guideline.csv. Lines of 北京 2016: lower 4, base 9, upper 15; growth on a line belongs to the band above it.
suppressMessages(library(survey))
options(survey.lonely.psu = "fail")
rows <- list()
add <- function(case, domain, name, estimate, se)
  rows[[length(rows) + 1]] <<- data.frame(case, domain, name, estimate = as.numeric(estimate), se = as.numeric(se))
names <- c("below_lower", "lower_to_base", "base_to_upper", "above")
band <- function(g) cut(100 * g, c(-Inf, 4, 9, 15, Inf), labels = names, right = FALSE)

x <- read.csv("two_waves.csv")
before <- x[x$wave == 2022, ]; after <- x[x$wave == 2023, ]
base <- tapply(before$pay, before$firm, mean)
now <- tapply(after$pay, after$firm, mean)
growth <- now / base[names(now)] - 1
for (fpc in c(FALSE, TRUE)) {
  ends <- if (fpc) " fpc" else ""
  # Enterprises: one row each; those not in both waves are a part of the design outside the domain.
  firms <- after[!duplicated(after$firm), ]
  firms$band <- band(growth[as.character(firms$firm)])
  d <- if (fpc) svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = firms) else
    svydesign(~firm, strata = ~stratum, weights = ~weight, data = firms)
  m <- svymean(~band, subset(d, !is.na(band)))
  add(paste0("enterprises", ends), "all", names, coef(m), SE(m))
  for (h in c("s1", "s4")) {
    m <- svymean(~band, subset(d, !is.na(band) & stratum == h))
    add(paste0("enterprises", ends), h, names, coef(m), SE(m))
  }
  # Workers of such enterprises.
  after$band <- band(growth[as.character(after$firm)])
  d <- if (fpc) svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = after) else
    svydesign(~firm, strata = ~stratum, weights = ~weight, data = after)
  m <- svymean(~band, subset(d, !is.na(band)))
  add(paste0("workers", ends), "all", names, coef(m), SE(m))
  for (s in c("female", "male")) {
    m <- svymean(~band, subset(d, !is.na(band) & sex == s))
    add(paste0("workers", ends), s, names, coef(m), SE(m))
  }
}
# Growth of the mean over the enterprises that stay, its interval, and the probability of each band.
x$w <- ifelse(x$wave == 2022, "before", "after")
stay <- intersect(before$firm, after$firm)
d <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = x[x$firm %in% stay, ], nest = TRUE)
a <- svycontrast(svyby(~pay, ~w, d, svymean, covmat = TRUE), quote(after / before - 1))
df <- degf(d)
add("growth", "all", "growth", coef(a), SE(a))
add("growth", "all", c("ci_lower", "ci_upper"), coef(a) + qt(c(0.025, 0.975), df) * SE(a), NA)
p <- diff(c(0, pt((c(4, 9, 15) / 100 - as.numeric(coef(a))) / as.numeric(SE(a)), df), 1))
add("growth", "all", names, p, NA)
result <- do.call(rbind, rows)
for (column in c("estimate", "se")) result[[column]] <- trimws(formatC(result[[column]], digits = 17, format = "g"))
write.csv(result, "guideline.csv", row.names = FALSE, quote = 1:3)
