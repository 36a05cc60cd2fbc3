"""What requests of the shop have in common: whatever they send is checked first."""

from odoo.exceptions import UserError
from odoo.http import request


def read_plan_id(value):
    """Return the number of the plan that a page sent.

    :param value: as it came; 0 is for buying once
    :return: the number, None where none was sent
    :rtype: int | None
    :raise UserError: for what is none
    """
    if value in (None, ""):
        return None
    try:
        if isinstance(value, bool) or float(value) != int(value):
            raise ValueError
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(
            request.env._("This is no plan. Reload the page and choose one.")
        ) from error


def read_quantity(value):
    """Return the quantity that a page sent, as a whole number.

    :rtype: int
    :raise UserError: for what is none
    """
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(request.env._("Type the quantity as a number.")) from error
