"""The report on low-paid, skilled, science and other groups of employees."""
