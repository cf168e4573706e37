# Reference values of the guidance: Rscript guidance.R, in this folder, with R survey >= 4.4.
# Writes guidance_enterprises.csv (simulated enterprises) and guidance.csv.
suppressMessages(library(survey))
stopifnot(packageVersion("survey") >= "4.4")
rows <- list()
add <- function(case, statistic, domain, quantity, value)
  rows[[length(rows) + 1]] <<- data.frame(case, statistic, domain, quantity, value = as.numeric(value))

# -- labour cost: enterprises, two with a loss, one of them with negative value added -----------------------------------
set.seed(20210527)
n <- 90
e <- data.frame(firm = sprintf("f%03d", 1:n), industry = rep(c("C", "F", "I"), each = 30), stratum = rep(1:9, each = 10))
e$population <- rep(c(40, 25, 60), 3)[e$stratum]
e$weight <- round(runif(n, 1.5, 8), 2)
e$average_headcount <- round(exp(rnorm(n, 4, 0.8)))
e$wages <- round(e$average_headcount * exp(rnorm(n, 11.5, 0.3)))
e$labour_cost <- round(e$wages * runif(n, 1.3, 1.5))
e$depreciation <- round(e$labour_cost * runif(n, 0.05, 0.4))
e$business_taxes <- round(e$labour_cost * runif(n, 0.02, 0.1))
e$total_profit <- round(e$labour_cost * rnorm(n, 0.5, 0.4))
e$total_profit[c(7, 45)] <- round(-c(0.3, 2.5) * e$labour_cost[c(7, 45)])
value <- e$labour_cost + e$depreciation + e$business_taxes + e$total_profit
e$revenue <- round(pmax(value, 0) + e$labour_cost * runif(n, 0.3, 6))
e$total_cost <- e$revenue - e$business_taxes - e$total_profit
e$revenue[12] <- NA
write.csv(e, "guidance_enterprises.csv", row.names = FALSE, quote = FALSE, na = "")
e$value_added <- value
ratios <- list(labour_cost_per_head = c("labour_cost", "average_headcount"),
  labour_cost_to_total_cost = c("labour_cost", "total_cost"), labour_cost_to_revenue = c("labour_cost", "revenue"),
  labour_share_of_value_added = c("labour_cost", "value_added"), profit_to_labour_cost = c("total_profit", "labour_cost"),
  wage_share_of_labour_cost = c("wages", "labour_cost"), value_added_per_head = c("value_added", "average_headcount"))
designs <- list(
  rows = svydesign(~1, weights = ~weight, data = e),
  stratified = svydesign(~firm, strata = ~stratum, weights = ~weight, data = e),
  fpc = svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = e))
for (name in names(designs)) {
  d <- designs[[name]]
  for (word in names(ratios)) {
    above <- as.formula(paste("~", ratios[[word]][1])); below <- as.formula(paste("~", ratios[[word]][2]))
    for (domain in c("all", "C", "F", "I")) {
      part <- if (domain == "all") d else subset(d, industry == domain)
      r <- svyratio(above, below, part, na.rm = TRUE)
      add(paste("labour cost", name), word, domain, "estimate", coef(r))
      add(paste("labour cost", name), word, domain, "se", SE(r))
    }
  }
}

# -- groups: the employees of stratified_clusters.csv without strata of one unit ----------------------------------------
x <- read.csv("stratified_clusters.csv")
x <- x[!is.na(x$pay) & !(x$stratum %in% c("h00", "h01", "h02")), ]
x$group <- paste0("g", pmin(x$occupation, 4))
d <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = x)
means <- svyby(~pay, ~group, d, svymean, covmat = TRUE)
for (g in setdiff(rownames(means), "g1")) {
  r <- svycontrast(means, as.call(list(as.name("/"), as.name(g), as.name("g1"))))
  add("premium", "premium", g, "estimate", coef(r) - 1)
  add("premium", "premium", g, "se", SE(r))
}
both <- svyby(~pay, ~ group + sex, d, svymean, covmat = TRUE)
for (s in unique(x$sex)) for (g in setdiff(rownames(means), "g1")) {
  r <- svycontrast(both, as.call(list(as.name("/"), as.name(paste(g, s, sep = ".")), as.name(paste("g1", s, sep = ".")))))
  add("premium by sex", "premium", paste(s, g), "estimate", coef(r) - 1)
  add("premium by sex", "premium", paste(s, g), "se", SE(r))
}
m <- svyglm(log(pay) ~ sex + hours + relevel(factor(group), "g1"), d)
names(m$coefficients) <- sub("relevel.*\\)", "group", names(m$coefficients))
for (g in setdiff(rownames(means), "g1")) {
  k <- match(paste0("group", g), names(coef(m))); b <- coef(m)[k]; s <- sqrt(diag(vcov(m)))[k]
  add("premium", "adjusted_premium", g, "estimate", exp(b) - 1)
  add("premium", "adjusted_premium", g, "se", exp(b) * s)
}

# A minimum wage at the 8th percentile of monthly pay, and a rise of it by 10 %.
minimum <- round(quantile(x$pay, 0.08, names = FALSE) / 12, 2)
add("low pay", "minimum_wage", "all", "value", minimum)
monthly <- x$pay / 12
d <- update(d, below_minimum = as.numeric(monthly < minimum), reached_10 = as.numeric(monthly < 1.1 * minimum),
  cost_10 = 12 * pmax(0, 1.1 * minimum - pmax(monthly, minimum)) * (monthly < 1.1 * minimum))
for (domain in c("all", sort(unique(x$industry)))) {
  part <- if (domain == "all") d else subset(d, industry == domain)
  put <- function(word, r) {
    add("low pay", word, domain, "estimate", coef(r)); add("low pay", word, domain, "se", SE(r))
  }
  put("below_minimum", svymean(~below_minimum, part))
  put("reached_10", svymean(~reached_10, part))
  put("workers_reached_10", svytotal(~reached_10, part))
  put("cost_10", svytotal(~cost_10, part))
  put("cost_share_10", svyratio(~cost_10, ~pay, part))
}

result <- do.call(rbind, rows)
result$value <- trimws(formatC(result$value, digits = 17, format = "g"))
write.csv(result, "guidance.csv", row.names = FALSE, quote = FALSE)
cat(nrow(result), "rows\n")
