"""Scorecards as people read them: words, charts, Markdown and one page of HTML.

Beside these modules stand the scorecards that are shipped, each as a `scorecards.yml`.
"""
