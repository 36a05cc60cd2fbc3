"""The cohort view: a view type of the web client for any model. See docs/cohort.md.

It knows nothing of subscriptions and could be an addon by itself. Nothing is imported
here, so that `arithmetic` can be tested without Odoo.
"""
