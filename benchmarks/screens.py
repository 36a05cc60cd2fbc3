"""What the web client asks for a report's first screen, read from action and views.

The filters its action begins with, measures and groupings of its first view: nothing
is typed in, so a report that changes is measured as it is then.
"""

from lxml import etree

from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

MENU = "subscriptions.subscription_menu_reports"
BOARD = "subscription_kpi_board"


def find_actions(env):
    """Return the actions of the menu Reporting, the board's included.

    :rtype: list
    """
    menus = (
        env["ir.ui.menu"]
        .sudo()
        .search([("parent_id", "=", env.ref(MENU).id)], order="sequence")
    )
    actions = [menu.action for menu in menus if menu.action]
    return [*env["ir.actions.client"].search([("tag", "=", BOARD)])] + [
        action for action in actions if action._name == "ir.actions.act_window"
    ]


def get_calls(env, action):
    """Return what the client calls to show an action: (model, method, args, kwargs).

    A call may be a function of the results before it.

    :rtype: list
    """
    if action._name == "ir.actions.client":
        # As `load` of static/src/kpi_board/kpi_board.js, with nothing chosen.
        options = {
            "span": "last_month",
            "date_from": False,
            "date_to": False,
            "filters": {},
        }
        return [("subscription.kpi", "get_board", [options], {})]
    model = env[action.res_model]
    context = safe_eval(action.context or "{}", {"uid": env.uid})
    view_id, kind = action.views[0]
    arch = etree.fromstring(model.get_view(view_id or None, kind)["arch"])
    domain, grouping = read_search(env, action, context)
    build = {"graph": graph_calls, "pivot": pivot_calls, "cohort": cohort_calls}[kind]
    return build(model, arch, list(domain), grouping)


def read_search(env, action, context):
    """Return the domain and the grouping the search view begins with."""
    arch = etree.fromstring(
        env[action.res_model].get_view(action.search_view_id.id or None, "search")[
            "arch"
        ]
    )
    chosen = {
        name.removeprefix("search_default_")
        for name, value in context.items()
        if name.startswith("search_default_") and value
    }
    facets, grouping = [[]], []
    for node in arch.iter("filter", "separator"):
        if node.tag == "separator":
            facets.append([])
        elif node.get("name") in chosen:
            chosen.remove(node.get("name"))
            if node.get("domain"):
                facets[-1].append(safe_eval(node.get("domain"), {"uid": env.uid}))
            own = safe_eval(node.get("context") or "{}", {"uid": env.uid})
            if own.get("group_by"):
                grouping.append(own["group_by"])
    if chosen:
        raise ValueError(f"{action.name} begins with filters not found: {chosen}")
    domain = Domain(safe_eval(action.domain or "[]", {"uid": env.uid}))
    for facet in filter(None, facets):
        domain &= Domain.OR(facet)
    return domain, grouping


def get_fields(arch, role):
    """Return the fields that have a role in a graph or pivot, with their interval."""
    names = []
    for node in arch.iter("field"):
        own = node.get("type") or ("row" if arch.tag == "graph" else None)
        if own == role and not node.get("invisible"):
            interval = node.get("interval")
            names.append(node.get("name") + (f":{interval}" if interval else ""))
    return names


def get_aggregates(model, measures):
    """Return the aggregates the client asks for measures."""
    specs = ["__count"]
    for name in measures:
        field = model._fields[name]
        if field.type == "monetary":
            currency = field.get_currency_field(model)
            specs += [f"{currency}:array_agg_distinct", f"{name}:sum_currency"]
        aggregator = "count_distinct" if field.type == "many2one" else field.aggregator
        specs.append(f"{name}:{aggregator}")
    return list(dict.fromkeys(specs))


def graph_calls(model, arch, domain, grouping):
    groups = grouping or get_fields(arch, "row")
    specs = get_aggregates(model, get_fields(arch, "measure")[:1])
    calls = [
        (
            model._name,
            "formatted_read_group",
            [domain, groups, specs],
            {"context": {"fill_temporal": True}},
        )
    ]
    name = groups[0].split(":")[0]
    is_timed = any(leaf[0] == name for leaf in domain if len(leaf) == 3)
    if arch.get("cumulated_start") and is_timed:
        calls.append(
            lambda first: before_call(model, name, domain, groups, specs, first)
        )
    return calls


def before_call(model, name, domain, groups, specs, first):
    """Return the call for what was before the first group shown, of a sum over time."""
    rest = [leaf for leaf in domain if not (len(leaf) == 3 and leaf[0] == name)]
    before = Domain(rest) if all(len(leaf) == 3 for leaf in rest) else Domain.TRUE
    return (
        model._name,
        "formatted_read_group",
        [
            list(before & Domain(name, "<", first[0][groups[0]][0])),
            groups[1:],
            specs,
        ],
        {},
    )


def pivot_calls(model, arch, domain, grouping):
    rows = grouping or get_fields(arch, "row")
    columns = get_fields(arch, "col")
    specs = get_aggregates(model, get_fields(arch, "measure"))
    sets = [
        rows[:row] + columns[:column]
        for row in range(len(rows) + 1)
        for column in range(len(columns) + 1)
    ]
    return [(model._name, "formatted_read_grouping_sets", [domain, sets, specs], {})]


def cohort_calls(model, arch, domain, grouping):
    arguments = [
        arch.get("date_start"),
        arch.get("date_stop"),
        arch.get("measure") or "__count",
        arch.get("interval") or "day",
        domain,
        arch.get("mode") or "retention",
        arch.get("timeline") or "forward",
    ]
    return [(model._name, "get_cohort_data", arguments, {})]


def show(env, calls):
    """Call all of it, and return the results."""
    results = []
    for call in calls:
        name, method, args, kwargs = call(*results) if callable(call) else call
        context = kwargs.get("context", {})
        results.append(getattr(env[name].with_context(**context), method)(*args))
    return results
