"""What spreadsheets are made of, as Odoo writes them."""

GREY, TITLE = "#434343", "#01666B"


def figure(key, y, height, data, x=0, width=1097):
    return {
        "id": key,
        "tag": "chart",
        "col": 0,
        "row": 0,
        "offset": {"x": x, "y": y},
        "width": width,
        "height": height,
        "data": {"chartId": key, **data},
    }


def sheet(key, name, cells, **values):
    return {
        "id": key,
        "name": name,
        "colNumber": 7,
        "rowNumber": 50,
        "rows": {},
        "cols": {},
        "merges": [],
        "cells": cells,
        "styles": {},
        "formats": {},
        "borders": {},
        "conditionalFormats": [],
        "dataValidationRules": [],
        "figures": [],
        "tables": [],
        "areGridLinesVisible": True,
        "isVisible": True,
        "headerGroups": {"ROW": [], "COL": []},
        "comments": {},
        **values,
    }


def data_bar(key, color, labels, values):
    return {
        "id": key,
        "ranges": [labels],
        "rule": {"type": "DataBarRule", "color": color, "rangeValues": values},
    }


def spreadsheet(sheets, **values):
    return {
        "version": "18.5.10",
        "sheets": sheets,
        "styles": {
            "1": {"textColor": TITLE, "bold": True, "fontSize": 16},
            "2": {"bold": True, "fontSize": 11, "textColor": GREY},
            "3": {"bold": True, "fontSize": 11, "textColor": GREY, "align": "right"},
            "4": {"textColor": GREY, "verticalAlign": "middle"},
            "5": {"bold": True},
        },
        "formats": {"1": "mmmm yyyy"},
        "borders": {"1": {"bottom": {"style": "thin", "color": "#CCCCCC"}}},
        "revisionId": "START_REVISION",
        "uniqueFigureIds": True,
        "settings": {
            "locale": {
                "name": "English (US)",
                "code": "en_US",
                "thousandsSeparator": ",",
                "decimalSeparator": ".",
                "dateFormat": "mm/dd/yyyy",
                "timeFormat": "hh:mm:ss",
                "formulaArgSeparator": ",",
                "weekStart": 7,
            }
        },
        "pivots": {},
        "pivotNextId": 7,
        "customTableStyles": {},
        "globalFilters": [],
        "lists": {},
        "listNextId": 1,
        "chartOdooMenusReferences": {},
        **values,
    }
