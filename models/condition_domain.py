"""Conditions on contracts that people write with Odoo's domain editor."""

import ast

from psycopg2 import DataError, ProgrammingError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

# With numbers of records as values.
NAMES_RECORDS = {"=", "!=", "in", "not in", "child_of", "parent_of"}


def read_condition(env, text):
    """Return a condition on contracts as a domain.

    Nothing is executed: a list of conditions is read, dates may be relative ("today
    -30d"). Used with the rights of whoever writes it, it is refused where it asks for
    what he may not read, and so cannot be guessed at through what it matches.

    :param env: whose rights count
    :param str text: the domain as the editor writes it; empty matches nothing
    :rtype: Domain
    :raise ValidationError: with words, for what is no condition on contracts
    """
    if not text or text.strip() == "[]":
        return Domain.FALSE
    try:
        domain = Domain(ast.literal_eval(text.strip()))
        domain.validate(env["sale.order"])
        if not env.su:
            # Rules on what may be read are applied where it becomes a query.
            env["sale.order"]._search(domain)
    except (AccessError, UserError) as error:
        raise ValidationError(
            env._("The condition cannot be used: %s", error.args[0])
        ) from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError) as error:
        raise _get_error(env, error) from error
    except (RecursionError, SyntaxError, TypeError, ValueError) as error:
        raise _get_error(env, error) from error
    return domain


def _get_error(env, error):
    return ValidationError(
        env._(
            "This is no condition on contracts: %s. Choose fields and values in the "
            "editor.",
            error,
        )
    )


def check_condition_records(env, domain):
    """Refuse a condition that names a record which is no more.

    It matches nothing any more, or everything, and nobody would notice.

    :param Domain domain: a condition on contracts
    :raise ValidationError: with the field and the number of the record
    """
    if missing := _find_missing_record(env, domain):
        raise ValidationError(
            env._(
                "The condition names a record that was deleted (%(field)s no. "
                "%(number)s). Choose another one.",
                field=missing[0],
                number=missing[1],
            )
        )


def try_condition(env, domain):
    """Ask PostgreSQL once, so that a value it cannot take is told now, not at night.

    :param Domain domain: a condition on contracts
    :raise ValidationError: for a text with a zero byte in it, say
    """
    try:
        with env.cr.savepoint():
            # sudo: whether it can be asked, not what it finds
            env["sale.order"].sudo()._search(domain, limit=1).get_result_ids()
    except (DataError, ProgrammingError) as error:
        raise _get_error(env, str(error).splitlines()[0]) from error
    except (TypeError, ValueError) as error:
        raise _get_error(env, error) from error


def _find_missing_record(env, domain, model="sale.order"):
    for condition in domain.iter_conditions():
        field, comodel = _get_field(env[model], condition.field_expr)
        if not comodel:
            continue
        values = condition.value
        if condition.operator in ("any", "not any"):
            if isinstance(values, (list, tuple)):
                values = Domain(values)
            missing = isinstance(values, Domain) and _find_missing_record(
                env, values, comodel
            )
            if missing:
                return missing
            continue
        if condition.operator not in NAMES_RECORDS or isinstance(values, (str, Domain)):
            continue
        if isinstance(values, int):
            values = [values]
        # A tick is a number to Python, and no record.
        ids = [one for one in values or () if one and type(one) is int]
        # sudo: whether it is there, not what it is
        records = env[comodel].sudo().browse(ids)
        if gone := records - records.exists():
            return field.get_description(env, ["string"])["string"], gone.ids[0]
    return None


def _get_field(model, path):
    """Return the last field of a path, and the model whose records it names.

    The number of a record names it as well: `plan_id.id`.
    """
    field = comodel = None
    for name in path.split("."):
        field = model._fields.get(name)
        if field is None:
            return None, None
        comodel = model._name if name == "id" else field.comodel_name
        if field.comodel_name:
            model = model.env[field.comodel_name]
    return field, comodel
