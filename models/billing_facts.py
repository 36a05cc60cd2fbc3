"""What one round of billing looks up once, and not for every contract again."""

from functools import cache

from odoo.fields import Domain


class BillingFacts:
    """Look-ups of one round, kept for its time.

    Nothing here changes within a round: journals, accounts, rates, lock dates.

    :param env: the environment of the run
    """

    def __init__(self, env):
        self.env = env
        for name in (
            "get_journal",
            "get_lock_date",
            "has_income_account",
            "has_rate",
            "has_distribution_models",
        ):
            # Kept on the instance, so that it is gone with the round.
            setattr(self, name, cache(getattr(self, name)))

    def get_journal(self, company):
        """Return the sales journal Odoo takes when an order names none."""
        Journal = self.env["account.journal"]
        return Journal.search(
            [*Journal._check_company_domain(company), ("type", "=", "sale")], limit=1
        )

    def get_lock_date(self, company, journal):
        """Return the day up to which the books are closed."""
        return company._get_user_fiscal_lock_date(journal)

    def has_income_account(self, product, journal):
        """Tell whether a line of the product finds an account."""
        accounts = product.with_company(journal.company_id)._get_product_accounts()
        return bool(accounts["income"] or journal.default_account_id)

    def has_rate(self, currency, company):
        """Tell whether the currency can be converted to the company's.

        Odoo takes 1 for a currency without rates; where the company's own has another
        rate than that, this is what is meant.
        """
        return bool(
            self.env["res.currency.rate"].search_count(
                Domain("company_id", "in", (False, company.root_id.id))
                & (
                    Domain("currency_id", "=", currency.id)
                    | Domain("currency_id", "=", company.currency_id.id)
                    & Domain("rate", "!=", 1.0)
                ),
                limit=1,
            )
        )

    def has_distribution_models(self, company):
        """Tell whether analytic distributions may be found for an invoice line."""
        Model = self.env["account.analytic.distribution.model"]
        return bool(
            Model.search_count([*Model._check_company_domain(company)], limit=1)
        )
