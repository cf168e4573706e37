"""Pay guidance (企业薪酬指引): what a labour bureau tells enterprises about growth, cost and fairness of pay.

``guideline`` holds the wage-growth guideline (企业工资指导线) of a region and year: its lines, the clause that says
which line an enterprise goes by, and how growth compares with the lines.
"""
