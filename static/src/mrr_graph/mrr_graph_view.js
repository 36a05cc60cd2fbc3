import {Domain} from "@web/core/domain";
import {GraphModel} from "@web/views/graph/graph_model";
import {GraphRenderer} from "@web/views/graph/graph_renderer";
import {graphView} from "@web/views/graph/graph_view";
import {registry} from "@web/core/registry";

const {DateTime} = luxon;

// What is gained is blue and green, what is lost red; Odoo would colour by position.
const KIND_COLORS = {
    new: "#43C5B1",
    reactivation: "#8481DD",
    expansion: "#4EA7F2",
    contraction: "#F4A261",
    churn: "#EA6175",
    transfer: "#A4A8B6",
    currency: "#FFD86D",
};

// As the server writes what graphs are grouped by.
const LABEL_FORMATS = {day: "dd MMM yyyy", month: "MMMM yyyy"};

export class MrrGraphModel extends GraphModel {
    /**
     * Override: the MRR stays when nothing happens.
     */
    async _loadDataPoints(metaData) {
        const [points, currencies] = await super._loadDataPoints(metaData);
        const {cumulatedStart, fields, groupBy, measure} = metaData;
        const isTimed = fields[groupBy[0]?.fieldName]?.type === "date";
        if (!cumulatedStart || !isTimed || measure === "__count" || !points.length) {
            return [points, currencies];
        }
        const later = this._getPointsSince(metaData, points);
        const standstills = await this._loadStandstills(metaData, points);
        return [[...points, ...later, ...standstills], currencies];
    }

    /**
     * The line goes on from the last event to today, unless one looks at a time that is
     * over.
     */
    _getPointsSince({domain, groupBy}, points) {
        const [{fieldName, interval, spec}] = groupBy;
        const format = LABEL_FORMATS[interval];
        const isOver = domain.some(
            (leaf) => leaf[0] === fieldName && !leaf[1].startsWith(">")
        );
        if (!format || isOver) {
            return [];
        }
        const days = points.map(({identifier}) => JSON.parse(identifier)[0][spec][0]);
        const last = days.filter(Boolean).sort().at(-1);
        const others = JSON.parse(points[0].identifier).slice(1);
        const later = [];
        let day = DateTime.fromISO(last).plus({[interval]: 1});
        while (day <= DateTime.now()) {
            const label = day.toFormat(format);
            const value = {[spec]: [day.toISODate(), label]};
            later.push({
                ...points[0],
                count: 0,
                domain: [[0, "=", 1]],
                value: 0,
                labels: [label, ...points[0].labels.slice(1)],
                identifier: JSON.stringify([value, ...others]),
            });
            day = day.plus({[interval]: 1});
        }
        return later;
    }

    /**
     * A series that stood before the time shown and did not move within it, a plan
     * without an event for a year, belongs to the MRR all the same.
     */
    async _loadStandstills(metaData, points) {
        const {measure, domain, fields, groupBy, resModel} = metaData;
        const [time, ...others] = groupBy;
        if (!others.length || !domain.some((leaf) => leaf[0] === time.fieldName)) {
            return [];
        }
        const first = JSON.parse(points[0].identifier)[0];
        const known = new Set(
            points.map(({identifier}) =>
                JSON.stringify(JSON.parse(identifier).slice(1))
            )
        );
        const before = Domain.and([
            [[time.fieldName, "<", first[time.spec][0]]],
            Domain.removeDomainLeaves(domain, [time.fieldName]),
        ]).toList();
        const spec = `${measure}:${fields[measure].aggregator}`;
        const groups = await this.orm.formattedReadGroup(
            resModel,
            before,
            others.map((one) => one.spec),
            [spec],
            {context: this.searchParams.context}
        );
        const standstills = [];
        for (const group of groups) {
            const values = others.map((one) => ({[one.spec]: group[one.spec]}));
            if (group[spec] && !known.has(JSON.stringify(values))) {
                const labels = others.map((one) => this._getLabel(one, group, fields));
                standstills.push({
                    count: 0,
                    domain: [[0, "=", 1]],
                    value: 0,
                    labels: [points[0].labels[0], ...labels],
                    identifier: JSON.stringify([first, ...values]),
                    cumulatedStart: group[spec],
                    currencyId: points[0].currencyId,
                });
            }
        }
        return standstills;
    }

    _getLabel(groupBy, group, fields) {
        const value = group[groupBy.spec];
        const {type, selection} = fields[groupBy.fieldName];
        if (value === false) {
            return this._getDefaultFilterLabel(groupBy);
        }
        if (type === "selection") {
            return selection.find(([key]) => key === value)[1];
        }
        return Array.isArray(value) ? value[1] : `${value}`;
    }
}

export class MrrGraphRenderer extends GraphRenderer {
    getBarChartData() {
        const data = super.getBarChartData();
        const colors = this.getKindColors();
        for (const dataset of data.datasets) {
            dataset.backgroundColor = colors[dataset.label] || dataset.backgroundColor;
        }
        return data;
    }

    /**
     * Override: the MRR does not slide to what it becomes on another day, and only days
     * on which something happened have a point.
     */
    getLineChartData() {
        const moves = this.model.data.datasets.map(({data}) => [...data]);
        const data = super.getLineChartData();
        const {cumulated, groupBy} = this.model.metaData;
        if (cumulated && groupBy[0]?.interval === "day") {
            data.datasets.forEach((dataset, index) => {
                dataset.stepped = true;
                dataset.pointRadius = moves[index].map((move) => (move ? 4 : 0));
            });
        }
        return data;
    }

    /**
     * The colours by label, where the kind alone tells bars apart.
     */
    getKindColors() {
        const {fields, groupBy} = this.model.metaData;
        if (groupBy.length !== 2 || groupBy[1].fieldName !== "kind") {
            return {};
        }
        const colors = {};
        for (const [kind, label] of fields.kind.selection) {
            colors[label] = KIND_COLORS[kind];
        }
        return colors;
    }
}

registry.category("views").add("subscription_mrr_graph", {
    ...graphView,
    Model: MrrGraphModel,
    Renderer: MrrGraphRenderer,
});
