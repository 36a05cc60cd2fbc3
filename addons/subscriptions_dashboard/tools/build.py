#!/usr/bin/env python3
"""Write the dashboard and its sample to data/files.

    addons/subscriptions_dashboard/tools/build.py

Odoo Community shows spreadsheets and cannot edit them. So this is where the dashboard
is changed; a test compares its files with what this makes.
"""

import json
from pathlib import Path

from parts import GREY, data_bar, figure, sheet, spreadsheet

FILES = Path(__file__).resolve().parent.parent / "data" / "files"

EVENT, MOVEMENT, CONTRACT = (
    "subscription.event",
    "subscription.movement.report",
    "subscription.report",
)
PERIOD = "5f2f3d60-7d35-4bb1-a17c-6f8e39a4b201"
FILTERS = {
    # id: label, model, field
    "5f2f3d60-7d35-4bb1-a17c-6f8e39a4b202": ("Company", "res.company", "company_id"),
    "5f2f3d60-7d35-4bb1-a17c-6f8e39a4b203": ("Plan", "subscription.plan", "plan_id"),
    "5f2f3d60-7d35-4bb1-a17c-6f8e39a4b204": ("Salesperson", "res.users", "user_id"),
    "5f2f3d60-7d35-4bb1-a17c-6f8e39a4b205": ("Sales Team", "crm.team", "team_id"),
}
MENU = "subscriptions.subscription_menu_"
GREEN, RED = "#00A04A", "#DC6965"
MOVES = [["kind", "not in", ["transfer", "currency"]]]
LIVE = [["state", "in", ["progress", "paused"]]]


# Filters


def match(period=None):
    """Return which fields the filters are about; period 0 is the one asked for."""
    matching = {
        key: {"chain": field, "type": "many2one"}
        for key, (_label, _model, field) in FILTERS.items()
    }
    if period is not None:
        matching[PERIOD] = {"chain": "event_date", "type": "date", "offset": period}
    return matching


def global_filters():
    return [
        {
            "id": PERIOD,
            "type": "date",
            "label": "Period",
            "defaultValue": "last_12_months",
        },
        *(
            {
                "id": key,
                "type": "relation",
                "label": label,
                "modelName": model,
                "defaultValueDisplayNames": [],
            }
            for key, (label, model, _field) in FILTERS.items()
        ),
    ]


# Pivots


def pivot(key, name, model, measures, rows=(), period=None, domain=()):
    """A pivot; measures are names with their aggregate, with a label or none."""
    ids = [one[0] for one in measures]
    return {
        "type": "ODOO",
        "id": key,
        "formulaId": key,
        "name": name,
        "model": model,
        "domain": list(domain),
        "context": {},
        "measures": [
            {
                "id": measure,
                "fieldName": measure.split(":")[0],
                "aggregator": measure.split(":")[1],
                **({"userDefinedName": label} if label else {}),
            }
            for measure, label in measures
        ],
        "rows": [{"fieldName": row} for row in rows],
        "columns": [],
        "sortedColumn": rows
        and {"measure": ids[-1], "order": "desc", "domain": []}
        or None,
        "fieldMatching": match(period),
    }


FLOWS = [
    ("net_new_mrr:sum", ""),
    ("churn_mrr:sum", ""),
    ("lost_contracts:sum", ""),
]
STOCK = [("mrr_change:sum", ""), ("active_change:sum", "")]


def pivots():
    return {
        "1": pivot("1", "MRR and contracts today", EVENT, STOCK),
        "2": pivot("2", "What came in the period", EVENT, STOCK, period=0),
        "3": pivot("3", "Movements in the period", MOVEMENT, FLOWS, period=0),
        "4": pivot("4", "Movements in the one before", MOVEMENT, FLOWS, period=-1),
        "5": pivot(
            "5",
            "Plans",
            CONTRACT,
            [("order_id:count_distinct", "Contracts"), ("mrr:sum", "MRR")],
            ["plan_id"],
            domain=LIVE,
        ),
        "6": pivot(
            "6",
            "Salespeople",
            MOVEMENT,
            [("churn_mrr:sum", "Churned"), ("net_new_mrr:sum", "Net New")],
            ["user_id"],
            period=0,
        ),
    }


# Figures


def scorecard(place, title, row, mode, words, color, up=GREEN, down=RED):
    return figure(
        f"subscriptions-score-{place}",
        11,
        101,
        {
            "type": "scorecard",
            "title": {"text": title, "bold": True, "color": GREY},
            "background": color,
            "keyValue": f"Data!D{row}",
            "baseline": f"Data!E{row}",
            "baselineMode": mode,
            "baselineDescr": {"text": words},
            "baselineColorUp": up,
            "baselineColorDown": down,
            "humanize": False,
        },
        x=277 * place,
        width=266,
    )


def scorecards():
    blue, orange = "#EFF6FF", "#FFF7ED"
    before = "since last period"
    return [
        scorecard(0, "MRR Today", 2, "text", "in the period", blue),
        scorecard(1, "Net New MRR", 3, "difference", before, blue),
        scorecard(2, "Contracts Today", 4, "text", "in the period", orange),
        scorecard(3, "Contracts Lost", 5, "difference", before, orange, RED, GREEN),
    ]


def odoo_chart(key, y, kind, group_by, domain, **values):
    data = {
        "type": f"odoo_{kind}",
        "title": {"text": ""},
        "background": "#FFFFFF",
        "legendPosition": "top" if len(group_by) > 1 else "none",
        "metaData": {
            "groupBy": group_by,
            "measure": "mrr_change",
            "order": None,
            "resModel": EVENT,
            "mode": kind,
            "cumulatedStart": values.get("cumulatedStart", False),
        },
        "searchParams": {
            "comparison": None,
            "context": {},
            "domain": domain,
            "groupBy": group_by,
            "orderBy": [],
        },
        "verticalAxisPosition": "left",
        "dataSets": [],
        "fieldMatching": match(0),
        **values,
    }
    return figure(key, y, 299, data)


def charts():
    return [
        odoo_chart(
            "subscriptions-over-time",
            155,
            "line",
            ["event_date:month"],
            [],
            stacked=False,
            fillArea=True,
            cumulative=True,
            cumulatedStart=True,
        ),
        odoo_chart(
            "subscriptions-breakdown",
            494,
            "bar",
            ["event_date:month", "kind"],
            MOVES,
            stacked=True,
        ),
    ]


def sample_charts():
    common = {
        "title": {"text": ""},
        "background": "#FFFFFF",
        "dataSetsHaveTitle": True,
        "labelRange": "Data!A11:A17",
        "aggregated": False,
        "labelsAsText": True,
    }
    line = {
        **common,
        "type": "line",
        "legendPosition": "none",
        "dataSets": [{"dataRange": "Data!C11:C17", "yAxisId": "y"}],
        "stacked": False,
        "cumulative": False,
        "fillArea": True,
    }
    bars = {
        **common,
        "type": "bar",
        "legendPosition": "top",
        "dataSets": [
            {"dataRange": f"Data!{column}11:{column}17", "yAxisId": "y"}
            for column in "DEF"
        ],
        "stacked": True,
    }
    return [
        figure("subscriptions-over-time", 155, 299, line),
        figure("subscriptions-breakdown", 494, 299, bars),
    ]


# Sheets


def link(label, menu):
    return f"[{label}](odoo://ir_menu_xml_id/{MENU}{menu})"


def titles():
    return {
        "A6": link("MRR over Time", "mrr_over_time"),
        "A20": link("MRR Breakdown", "mrr_breakdown"),
        "A34": link("Top Plans", "analysis"),
        "E34": link("Top Salespeople", "salespeople"),
    }


def dashboard_cells():
    return {
        **titles(),
        "A35": "=PIVOT(5, 10, FALSE, FALSE)",
        "E35": "=PIVOT(6, 10, FALSE, FALSE)",
    }


def sample_cells():
    tables = {
        "A": ["Plan", "Monthly", "Yearly", "Quarterly", "Weekly"],
        "B": ["Contracts", 42, 18, 9, 12],
        "C": ["MRR", 8412, 6230, 2115, 1804],
        "E": ["Salesperson", "Ada", "Bob", "Cyd"],
        "F": ["Churned", 310, 240, 95],
        "G": ["Net New", 3120, 2290, 1475],
    }
    cells = titles()
    for column, values in tables.items():
        for row, value in enumerate(values, 35):
            is_label = row == 35
            cells[f"{column}{row}"] = f'=_t("{value}")' if is_label else str(value)
    return cells


LABELS = {
    "A1": '=_t("KPI")',
    "A2": '=_t("MRR")',
    "A3": '=_t("Net new MRR")',
    "A4": '=_t("Contracts")',
    "A5": '=_t("Churned contracts")',
    "B1": '=_t("Value")',
    "C1": '=_t("To compare with")',
    "D1": '=_t("Shown")',
    "E1": '=_t("Compared with")',
    **{f"D{row}": f"=FORMAT.LARGE.NUMBER(B{row})" for row in range(2, 6)},
    # What is told as a text says by its sign whether it grew.
    "E2": '=IF(C2>0,"+","")&TEXT(C2,"#,##0")',
    "E3": "=FORMAT.LARGE.NUMBER(C3)",
    "E4": '=IF(C4>0,"+","")&TEXT(C4,"#,##0")',
    "E5": "=FORMAT.LARGE.NUMBER(C5)",
}


def data_cells():
    return {
        **LABELS,
        "B2": '=PIVOT.VALUE(1,"mrr_change:sum")',
        "C2": '=PIVOT.VALUE(2,"mrr_change:sum")',
        "B3": '=PIVOT.VALUE(3,"net_new_mrr:sum")',
        "C3": '=PIVOT.VALUE(4,"net_new_mrr:sum")',
        "B4": '=PIVOT.VALUE(1,"active_change:sum")',
        "C4": '=PIVOT.VALUE(2,"active_change:sum")',
        "B5": '=PIVOT.VALUE(3,"lost_contracts:sum")',
        "C5": '=PIVOT.VALUE(4,"lost_contracts:sum")',
    }


def sample_data_cells():
    figures = [(18561, 6885), (6885, 5120), (81, 27), (6, 8)]
    months = [
        # MRR, new, expansion, churned
        (12420, 980, 240, -150),
        (13610, 1120, 310, -240),
        (14690, 1010, 280, -210),
        (16020, 1350, 260, -280),
        (17195, 1240, 190, -255),
        (18561, 1420, 221, -275),
    ]
    cells = dict(LABELS)
    for row, (value, other) in enumerate(figures, 2):
        cells[f"B{row}"], cells[f"C{row}"] = str(value), str(other)
    names = ("Month", "", "MRR", "New", "Expansion", "Churn")
    for column, name in zip("ABCDEF", names, strict=True):
        if name:
            cells[f"{column}11"] = f'=_t("{name}")'
    for row, month in enumerate(months, 12):
        cells[f"B{row}"] = str(17 - row)
        cells[f"A{row}"] = f"=EDATE(TODAY(), -B{row})"
        for column, value in zip("CDEF", month, strict=True):
            cells[f"{column}{row}"] = str(value)
    return cells


def dashboard_sheet(cells, figures):
    widths = (349, 95, 80, 50, 323, 100, 100)
    sections = ("A6:G6", "A20:G20", "A34:C34", "E34:G34")
    return sheet(
        "dashboard",
        "Dashboard",
        cells,
        rows={str(row): {"size": 40} for row in (5, 19, 33)},
        cols={str(place): {"size": width} for place, width in enumerate(widths)},
        styles={
            **dict.fromkeys(sections, 1),
            "A35": 2,
            "E35": 2,
            "B35:C35": 3,
            "F35:G35": 3,
            "A36:C45": 4,
            "E36:G45": 4,
        },
        borders=dict.fromkeys(sections, 1),
        conditionalFormats=[
            data_bar("subscriptions-bar-plans", 15726335, "A36:A45", "C36:C45"),
            data_bar("subscriptions-bar-people", 16775149, "E36:E45", "G36:G45"),
        ],
        figures=figures,
        areGridLinesVisible=False,
    )


def data_sheet(cells, **values):
    return sheet("data", "Data", cells, styles={"A1:E1": 5}, **values)


def dashboard():
    menus = ("mrr_over_time", "mrr_breakdown", "mrr_over_time", "churn")
    return spreadsheet(
        [
            dashboard_sheet(dashboard_cells(), scorecards() + charts()),
            data_sheet(data_cells()),
        ],
        pivots=pivots(),
        globalFilters=global_filters(),
        chartOdooMenusReferences={
            **{
                f"subscriptions-score-{place}": MENU + menu
                for place, menu in enumerate(menus)
            },
            "subscriptions-over-time": f"{MENU}mrr_over_time",
            "subscriptions-breakdown": f"{MENU}mrr_breakdown",
        },
    )


def sample():
    return spreadsheet(
        [
            dashboard_sheet(sample_cells(), scorecards() + sample_charts()),
            data_sheet(sample_data_cells(), formats={"A12:A17": 1}),
        ]
    )


def texts():
    """Return the files' contents by name."""
    return {
        f"subscriptions_{name}.json": json.dumps(content, indent=2) + "\n"
        for name, content in (
            ("dashboard", dashboard()),
            ("sample_dashboard", sample()),
        )
    }


if __name__ == "__main__":
    for file_name, text in texts().items():
        (FILES / file_name).write_text(text)
