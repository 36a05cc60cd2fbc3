from lxml import etree

from odoo import fields, models

from ..arithmetic import INTERVALS, MODES, TIMELINES

CHOICES = {"interval": INTERVALS, "mode": MODES, "timeline": TIMELINES}
DATES = ("date_start", "date_stop")
ATTRIBUTES = {
    "__validate__",  # Odoo's own
    "class",
    "disable_linking",
    "groups",
    "js_class",
    "measure",
    "sample",
    "string",
    *CHOICES,
    *DATES,
}


class IrUiView(models.Model):
    _inherit = "ir.ui.view"

    type = fields.Selection(selection_add=[("cohort", "Cohort")])

    def _get_view_info(self):
        return {"cohort": {"icon": "oi oi-view-cohort"}} | super()._get_view_info()

    def _postprocess_tag_cohort(self, node, name_manager, node_info):
        for name in self._get_cohort_fields(node):
            name_manager.has_field(node, name, node_info)

    def _validate_tag_cohort(self, node, name_manager, node_info):
        """Called by Odoo for the root of a cohort view, when its arch is written."""
        model = name_manager.model
        for name in self._get_cohort_fields(node):
            if name in model._fields:  # others are told below, in plainer words
                name_manager.has_field(node, name, node_info)
        if not node_info["validate"]:
            return
        self._check_cohort_attributes(node)
        for attribute in DATES:
            self._check_cohort_date(node, attribute, model)
        if measure := node.get("measure"):
            self._check_cohort_measure(node, measure, model)
        for child in node.iterchildren(tag=etree.Element):
            if child.tag != "field":
                self._raise_view_error(
                    self.env._(
                        "A cohort view can only contain fields, not <%(tag)s>.",
                        tag=child.tag,
                    ),
                    child,
                )
            # An invisible one is there to be kept out of the menu of measures.
            if child.get("invisible") not in ("1", "True"):
                self._check_cohort_measure(child, child.get("name"), model)

    def _get_cohort_fields(self, node):
        """Return the names of fields in the attributes of a cohort view."""
        names = [node.get(attribute) for attribute in (*DATES, "measure")]
        return [name for name in names if name and name != "__count"]

    def _check_cohort_attributes(self, node):
        unknown = set(node.attrib) - ATTRIBUTES
        if unknown:
            self._raise_view_error(
                self.env._(
                    "A cohort view has no attribute %(names)s.",
                    names=", ".join(sorted(unknown)),
                ),
                node,
            )
        for attribute, choices in CHOICES.items():
            if node.get(attribute, choices[0]) not in choices:
                self._raise_view_error(
                    self.env._(
                        "The %(attribute)s of a cohort view is one of %(choices)s,"
                        " not “%(value)s”.",
                        attribute=attribute,
                        choices=", ".join(choices),
                        value=node.get(attribute),
                    ),
                    node,
                )

    def _check_cohort_date(self, node, attribute, model):
        name = node.get(attribute)
        if not name:
            self._raise_view_error(
                self.env._("A cohort view needs a %(attribute)s.", attribute=attribute),
                node,
            )
        self._check_cohort_field(node, name, model)
        field = model._fields[name]
        if field.type not in ("date", "datetime"):
            self._raise_view_error(
                self.env._(
                    "The %(attribute)s of a cohort view is a date, which “%(field)s” is"
                    " not.",
                    attribute=attribute,
                    field=name,
                ),
                node,
            )
        if not field._description_groupable(self.env):
            self._raise_view_error(
                self.env._(
                    "“%(field)s” is not stored, so cohorts cannot be made by it.",
                    field=name,
                ),
                node,
            )

    def _check_cohort_measure(self, node, name, model):
        if name == "__count":
            return
        self._check_cohort_field(node, name, model)
        if not model._is_cohort_measure(name):
            self._raise_view_error(
                self.env._(
                    "“%(field)s” is no number that can be added up, so it cannot be a"
                    " measure of a cohort view.",
                    field=name,
                ),
                node,
            )

    def _check_cohort_field(self, node, name, model):
        if name not in model._fields:
            self._raise_view_error(
                self.env._(
                    "There is no field “%(field)s” on %(model)s.",
                    field=name,
                    model=model._name,
                ),
                node,
            )
