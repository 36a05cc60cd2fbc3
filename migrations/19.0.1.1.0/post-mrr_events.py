"""Give contracts made before events were written their history."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Write the events of all contracts that have none."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["subscription.event"]._rebuild()
