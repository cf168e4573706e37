# Reference values of design-based estimates: Rscript design_based.R, in this folder, with R survey >= 4.4
# (4.1-1 is wrong for small cells). Writes design_based.csv; every number with 17 significant digits.
suppressMessages(library(survey))
stopifnot(packageVersion("survey") >= "4.4")
q <- c(.1, .25, .5, .75, .9)
rows <- list()
number <- function(x) if (length(x) == 0) NA else as.numeric(x)[1]
add <- function(case, variable, domain, statistic, estimate, se, lower, upper, df, deff)
  rows[[length(rows) + 1]] <<- data.frame(case, variable, domain, statistic, estimate = number(estimate), se = number(se),
    lower = number(lower), upper = number(upper), df = number(df), deff = number(deff))

one <- function(case, d, variable, domain, ratio = NULL, definitions = "math", intervals = "mean") {
  f <- as.formula(paste0("~", variable))
  d <- d[!is.na(d$variables[[variable]]), ]
  df <- degf(d)
  m <- svymean(f, d, deff = TRUE); ci <- confint(m, df = df)
  add(case, variable, domain, "mean", coef(m), SE(m), ci[1], ci[2], df, number(deff(m)))
  s <- svytotal(f, d); ci <- confint(s, df = df)
  add(case, variable, domain, "total", coef(s), SE(s), ci[1], ci[2], df, NA)
  if (!is.null(ratio)) {
    r <- svyratio(f, as.formula(paste0("~", ratio)), d); ci <- confint(r, df = df)
    add(case, variable, domain, "ratio", coef(r), SE(r), ci[1], ci[2], df, NA)
  }
  for (rule in definitions) for (method in intervals) {
    a <- tryCatch(suppressWarnings(svyquantile(f, d, q, qrule = rule, interval.type = method))[[1]], error = function(e) NULL)
    if (is.null(a)) next
    name <- if (rule == "math" && method == "mean") case else paste(case, rule, method, sep = "|")
    for (k in seq_along(q)) add(name, variable, domain, paste0("p", 100 * q[k]), a[k, 1], a[k, 4], a[k, 2], a[k, 3], df, NA)
  }
}
cells <- function(case, d, variable, column, ...)
  for (value in sort(unique(d$variables[[column]]))) {
    part <- d[d$variables[[column]] == value, ]
    if (sum(!is.na(part$variables[[variable]])) > 0) one(case, part, variable, paste0(column, "=", value), ...)
  }

x <- read.csv("stratified_clusters.csv")
x$cell <- paste(x$industry, x$occupation)
rules <- c("adjust", "average", "remove", "certainty")
hf <- c("math", paste0("hf", 2:9))
for (rule in rules) {
  options(survey.lonely.psu = rule)
  plain <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = x)
  fpc <- svydesign(~firm, strata = ~stratum, weights = ~weight, fpc = ~population, data = x)
  for (name in c("plain", "fpc")) {
    d <- get(name); case <- paste("clusters", name, rule)
    one(case, d, "pay", "all", ratio = "hours"); cells(case, d, "pay", "industry", ratio = "hours")
    cells(case, d, "pay", "occupation"); if (name == "plain") cells(case, d, "pay", "cell")
  }
}
many <- x[!(x$stratum %in% c("h00", "h01", "h02")), ]
options(survey.lonely.psu = "fail")
d <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = many)
one("clusters without single units", d, "pay", "all", definitions = hf, intervals = c("mean", "beta", "xlogit"))
cells("clusters without single units", d, "pay", "industry", definitions = hf, intervals = c("mean", "beta", "xlogit"))
d <- svydesign(~1, weights = ~weight, data = many)
one("independent rows", d, "pay", "all"); cells("independent rows", d, "pay", "occupation")
d <- svydesign(~1, strata = ~stratum, weights = ~weight, data = many)
one("stratified rows", d, "pay", "all"); cells("stratified rows", d, "pay", "sex")
d <- svydesign(~firm, weights = ~weight, data = many)
one("clusters without strata", d, "pay", "all"); cells("clusters without strata", d, "pay", "industry")

x <- read.csv("two_stages.csv")
options(survey.lonely.psu = "fail")
d <- svydesign(~firm + worker, strata = ~stratum, weights = ~weight, fpc = ~fpc1 + fpc2, data = x)
one("two stages", d, "pay", "all"); cells("two stages", d, "pay", "sex"); cells("two stages", d, "pay", "stratum")
d <- suppressWarnings(svydesign(~firm + worker, strata = ~stratum, weights = ~weight, fpc = ~fpc1, data = x))
one("two stages, first fpc", d, "pay", "all")
d <- svydesign(~firm + worker, strata = ~stratum, weights = ~weight, data = x)
one("two stages, no fpc", d, "pay", "all")

x <- read.csv("proportional_to_size.csv")
d <- svydesign(~firm, strata = ~stratum, fpc = ~probability, pps = "brewer", data = x)
one("brewer", d, "pay", "all"); cells("brewer", d, "pay", "sex")

result <- do.call(rbind, rows)
for (column in c("estimate", "se", "lower", "upper", "df", "deff")) result[[column]] <- trimws(formatC(result[[column]], digits = 17, format = "g"))
write.csv(result, "design_based.csv", row.names = FALSE, quote = 1:4)
cat(nrow(result), "rows from survey", as.character(packageVersion("survey")), "\n")
