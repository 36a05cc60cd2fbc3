import {Component} from "@odoo/owl";
import {Domain} from "@web/core/domain";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {INTERVALS} from "./cohort_arch_parser";
import {ReportViewMeasures} from "@web/views/view_components/report_view_measures";
import {_t} from "@web/core/l10n/translation";
import {download} from "@web/core/network/download";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";

const formatters = registry.category("formatters");
// Text upon the deepest colour is still to be read, by day and by night.
const DEEPEST = 0.5;

export class CohortRenderer extends Component {
    static template = "cohort.CohortRenderer";
    static components = {Dropdown, DropdownItem, ReportViewMeasures};
    static props = ["model", "buttonTemplate"];

    setup() {
        this.actionService = useService("action");
        this.model = this.props.model;
    }

    // -------------------------------------------------------------------------
    // What is written where
    // -------------------------------------------------------------------------

    get intervals() {
        const names = {
            day: _t("Day"),
            week: _t("Week"),
            month: _t("Month"),
            quarter: _t("Quarter"),
            year: _t("Year"),
        };
        return INTERVALS.map((id) => ({id, name: names[id]}));
    }

    get intervalName() {
        const {interval} = this.model.metaData;
        return this.intervals.find(({id}) => id === interval).name;
    }

    get modes() {
        return [
            {id: "retention", name: _t("Retention"), help: _t("How much is left")},
            {id: "churn", name: _t("Churn"), help: _t("How much is gone")},
        ];
    }

    get timelines() {
        return [
            {id: "forward", name: _t("Forward"), help: _t("Periods after the start")},
            {
                id: "backward",
                name: _t("Backward"),
                help: _t("Periods before the start"),
            },
        ];
    }

    get modeName() {
        const {mode} = this.model.metaData;
        return this.modes.find(({id}) => id === mode).name;
    }

    get startName() {
        const {dateStart, fields} = this.model.metaData;
        return fields[dateStart]?.string || dateStart;
    }

    get stopName() {
        const {dateStop, fields} = this.model.metaData;
        return fields[dateStop]?.string || dateStop;
    }

    get measureName() {
        const {measure, measures} = this.model.metaData;
        return measures[measure].string;
    }

    get periodsName() {
        return _t("%(mode)s at the end of each period, by %(field)s (%(interval)s)", {
            mode: this.modeName,
            field: this.stopName,
            interval: this.intervalName,
        });
    }

    get leftOutText() {
        return _t(
            "Only the latest %(shown)s cohorts are shown, and %(left)s earlier ones are left out. Filter, or choose a longer interval.",
            {shown: this.model.data.rows.length, left: this.model.data.left_out}
        );
    }

    /** Whether figures lead to their records. */
    get isLinked() {
        return !this.model.metaData.disableLinking && !this.model.useSampleModel;
    }

    formatOffset(offset) {
        return offset > 0 ? `+${offset}` : `${offset}`;
    }

    formatPercentage(percentage) {
        if (percentage === null) {
            return "";
        }
        return formatters.get("percentage")(percentage / 100, {digits: [false, 1]});
    }

    formatValue(value) {
        const {measure, measures} = this.model.metaData;
        const field = measures[measure];
        return formatters.get(field.type)(value, {
            field,
            currencyId: this.model.data.currency_id || undefined,
        });
    }

    /** Says what a percentage is of, for the tip and for those who do not see colours. */
    describe(row, column) {
        return _t("%(part)s of %(whole)s", {
            part: this.formatValue(column.value),
            whole: this.formatValue(row.value),
        });
    }

    getLabel(row, column, index) {
        return _t("%(cohort)s, period %(offset)s: %(percentage)s, %(values)s", {
            cohort: row.label,
            offset: this.formatOffset(this.model.data.offsets[index]),
            percentage: this.formatPercentage(column.percentage),
            values: this.describe(row, column),
        });
    }

    getStyle({percentage}) {
        if (percentage === null) {
            return "";
        }
        const share = Math.min(Math.max(percentage / 100, 0), 1);
        return `--o-cohort-alpha: ${(share * DEEPEST).toFixed(3)}`;
    }

    // -------------------------------------------------------------------------
    // What happens on a click
    // -------------------------------------------------------------------------

    onMeasureSelected({measure}) {
        this.model.choose({measure});
    }

    onChosen(name, value) {
        if (this.model.metaData[name] !== value) {
            this.model.choose({[name]: value});
        }
    }

    /**
     * Opens the records that make up a figure.
     *
     * @param {Array} domain what they have in common beside the search
     * @param {Boolean} [newWindow=false]
     */
    openRecords(domain, newWindow = false) {
        const {context, domain: searched, resModel, title} = this.model.metaData;
        const views = Object.fromEntries(
            (this.env.config.views || []).map(([id, type]) => [type, id])
        );
        const kept = Object.entries(context).filter(
            ([key]) => key !== "group_by" && !/^(search_default|cohort)_/.test(key)
        );
        this.actionService.doAction(
            {
                type: "ir.actions.act_window",
                name: title,
                res_model: resModel,
                domain: Domain.and([searched, domain]).toList(),
                context: Object.fromEntries(kept),
                search_view_id: this.env.config.views?.find((v) => v[1] === "search"),
                target: "current",
                views: ["list", "form"].map((type) => [views[type] || false, type]),
            },
            {newWindow, viewType: "list"}
        );
    }

    onDownload() {
        download({
            url: "/web/cohort/export_xlsx",
            data: {
                data: new Blob([JSON.stringify(this.exportTable())], {
                    type: "application/json",
                }),
            },
        });
    }

    /**
     * @returns {Object} what is shown, as the server makes a workbook of it
     */
    exportTable() {
        const {rows, average, offsets} = this.model.data;
        const exportRow = (row, label, isBold) => ({
            label,
            value: row.value,
            percentages: row.columns.map(({percentage}) => percentage),
            is_bold: isBold,
        });
        return {
            title: `${this.model.metaData.title} (${this.modeName})`,
            headers: [
                this.startName,
                this.measureName,
                ...offsets.map((offset) => this.formatOffset(offset)),
            ],
            rows: [
                ...rows.map((row) => exportRow(row, row.label, false)),
                exportRow(average, _t("Total / Average"), true),
            ],
        };
    }
}
