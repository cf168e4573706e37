# R survey's statements, each timed in a process of its own: Rscript with_survey.R STATEMENT COLUMNS NUMBERS
# Prints one line of JSON as run.py does. COLUMNS is a folder with a file of raw numbers for each column.
suppressMessages(library(survey))
given <- commandArgs(trailingOnly = TRUE)
column <- function(name, type, size) {
  path <- file.path(given[2], name)
  readBin(path, type, n = file.size(path) / size, size = size)
}
d <- data.frame(pay = column("pay", "double", 8), weight = column("weight", "double", 8),
  firm = column("firm", "integer", 4), stratum = column("stratum", "integer", 4),
  industry = column("industry", "integer", 4), occupation = column("occupation", "integer", 4))
design <- svydesign(~firm, strata = ~stratum, weights = ~weight, data = d)
memory <- function(key) {
  lines <- tryCatch(readLines("/proc/self/status"), error = function(e) character(), warning = function(w) character())
  line <- grep(paste0("^", key, ":"), lines, value = TRUE)
  if (length(line)) as.numeric(gsub("[^0-9]", "", line)) / 1024 else NA
}
q <- c(.1, .25, .5, .75, .9)
invisible(gc())
try(cat("5", file = "/proc/self/clear_refs"), silent = TRUE)
base <- memory("VmRSS")
start <- proc.time()[["elapsed"]]
if (given[1] == "percentiles") {
  result <- svyby(~pay, ~industry + occupation, design, svyquantile, quantiles = q, ci = TRUE)
} else {
  result <- svyby(~pay, ~industry + occupation, design, svymean)
}
seconds <- proc.time()[["elapsed"]] - start
peak <- memory("VmHWM") - base
k <- if (given[1] == "percentiles") length(q) else 1
statistic <- if (k > 1) paste0("p", 100 * q) else "mean"
values <- as.matrix(as.data.frame(result)[, -(1:2)])
numbers <- data.frame(industry = rep(result$industry, k), occupation = rep(result$occupation, k),
  statistic = rep(statistic, each = nrow(values)), estimate = as.vector(values[, 1:k]), se = as.vector(values[, k + 1:k]))
for (name in c("estimate", "se")) numbers[[name]] <- formatC(numbers[[name]], digits = 17, format = "g")
write.csv(numbers, given[3], row.names = FALSE, quote = FALSE)
cat(sprintf('{"seconds": [%f], "memory": %s, "version": "R survey %s"}\n', seconds,
  if (is.na(peak)) "null" else format(peak), packageVersion("survey")))
