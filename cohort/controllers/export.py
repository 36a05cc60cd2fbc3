import io
import json
import re
from numbers import Real

import xlsxwriter
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnprocessableEntity

from odoo.http import Controller, content_disposition, request, route
from odoo.tools import osutil

# Excel has no use for longer titles, nor for these signs in them.
TITLE_LENGTH = 31
TITLE_SIGNS = re.compile(r"[\[\]:*?/\\']")


class CohortExporter(Controller):
    @route(
        "/web/cohort/export_xlsx",
        type="http",
        auth="user",
        methods=["POST"],
        readonly=True,
    )
    def export_xlsx(self, data, **kw):
        """Return what a cohort view shows, as a workbook.

        :param data: JSON with `title`, `headers` (the names of all columns) and `rows`,
            each with `label`, `value`, the `percentages` of its columns, and `is_bold`.
        """
        nothing = request.env._("There is nothing to export.")
        try:
            is_file = isinstance(data, FileStorage)
            table = json.load(data) if is_file else json.loads(data)
            if not table or not table.get("rows"):
                raise UnprocessableEntity(nothing)
            content = self._build_workbook(table)
        except (
            AttributeError,
            KeyError,
            OverflowError,
            TypeError,
            ValueError,
        ) as error:
            raise UnprocessableEntity(nothing) from error
        name = osutil.clean_filename(str(table["title"]))
        return request.make_response(
            content,
            headers=[
                (
                    "Content-Type",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ),
                ("Content-Disposition", content_disposition(f"{name}.xlsx")),
            ],
        )

    def _build_workbook(self, table):
        output = io.BytesIO()
        workbook = xlsxwriter.Workbook(output, {"in_memory": True})
        title = TITLE_SIGNS.sub(" ", str(table["title"]))[:TITLE_LENGTH].strip()
        sheet = workbook.add_worksheet(title or None)
        formats = {
            is_bold: {
                "text": workbook.add_format({"bold": is_bold}),
                "whole": workbook.add_format({"bold": is_bold, "num_format": "#,##0"}),
                "value": workbook.add_format(
                    {"bold": is_bold, "num_format": "#,##0.00"}
                ),
                "share": workbook.add_format({"bold": is_bold, "num_format": "0.0%"}),
            }
            for is_bold in (False, True)
        }
        for column, header in enumerate(table["headers"]):
            # As text: what a person called a field must not become a formula.
            sheet.write_string(0, column, str(header), formats[True]["text"])
        for line, row in enumerate(table["rows"], start=1):
            style = formats[bool(row.get("is_bold"))]
            sheet.write_string(line, 0, str(row["label"]), style["text"])
            value = row["value"]
            is_whole = isinstance(value, Real) and value == int(value)
            number_style = style["whole" if is_whole else "value"]
            self._write_number(sheet, line, 1, value, number_style)
            for column, percentage in enumerate(row["percentages"], start=2):
                share = percentage / 100 if isinstance(percentage, Real) else None
                self._write_number(sheet, line, column, share, style["share"])
        sheet.set_column(0, 1, 18)
        sheet.freeze_panes(1, 1)
        workbook.close()
        return output.getvalue()

    def _write_number(self, sheet, line, column, number, style):
        """What has not come yet stays empty, so that averages in Excel are right."""
        if isinstance(number, Real):
            sheet.write_number(line, column, number, style)
