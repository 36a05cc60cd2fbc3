import {cookie} from "@web/core/browser/cookie";
import {getCustomColor} from "@web/core/colors/colors";
import {formatCurrency} from "@web/core/currency";
import {_t} from "@web/core/l10n/translation";

// What the charts of the KPI board look like, for Chart.js.

const scheme = cookie.get("color_scheme");
const TEXT = getCustomColor(scheme, "#374151", "#E4E4E4");
const GRID = getCustomColor(scheme, "rgba(0,0,0,.1)", "rgba(255,255,255,.15)");
const LINE = getCustomColor(scheme, "#111827", "#ffffff");
const KNOWN = getCustomColor(scheme, "#3b6fb6", "#6ea8fe");
const TREND = getCustomColor(scheme, "#b7cdea", "#35507a");
const COLORS = {
    new: getCustomColor(scheme, "#2f855a", "#48bb78"),
    reactivation: getCustomColor(scheme, "#2c7a7b", "#38b2ac"),
    expansion: getCustomColor(scheme, "#90c9a7", "#276749"),
    contraction: getCustomColor(scheme, "#f0b37e", "#c05621"),
    churn: getCustomColor(scheme, "#c53030", "#f56565"),
};

function getOptions(currencyId, stacked, onClick) {
    const money = (value, humanReadable) =>
        formatCurrency(value, currencyId, {humanReadable, digits: [69, 0]});
    const isNarrow = window.innerWidth < 576;
    return {
        animation: false,
        maintainAspectRatio: false,
        interaction: {mode: "index", intersect: false},
        onClick,
        plugins: {
            legend: {
                position: "bottom",
                labels: {color: TEXT, boxWidth: 12, usePointStyle: false},
            },
            tooltip: {
                callbacks: {
                    label: ({dataset, raw}) =>
                        `${dataset.label}: ${formatCurrency(raw, currencyId)}`,
                },
            },
        },
        scales: {
            x: {
                stacked,
                grid: {display: false},
                ticks: {
                    color: TEXT,
                    autoSkip: true,
                    maxTicksLimit: isNarrow ? 4 : 12,
                    maxRotation: 0,
                },
            },
            y: {
                stacked,
                grid: {color: GRID},
                ticks: {
                    color: TEXT,
                    maxTicksLimit: 7,
                    callback: (value) => money(value, true),
                },
            },
        },
    };
}

/**
 * Return the chart of what moved the MRR: bars by month and kind, losses below the axis,
 * and the MRR above them, by an axis of its own.
 *
 * @param {Object} movements as of `get_board`
 * @param {number} currencyId
 * @param {Function} open called with the index of the month and the kind
 * @returns {Object}
 */
export function getMovementsConfig(movements, currencyId, open) {
    const bars = movements.kinds.map(({kind, label, values}) => ({
        type: "bar",
        label,
        data: values,
        backgroundColor: COLORS[kind],
        stack: "movements",
        order: 2,
    }));
    const line = {
        type: "line",
        label: _t("MRR"),
        data: movements.mrr,
        borderColor: LINE,
        backgroundColor: LINE,
        borderWidth: 2,
        pointRadius: 2,
        tension: 0.2,
        yAxisID: "mrr",
        order: 1,
    };
    const options = getOptions(currencyId, true, (_ev, elements, chart) => {
        const [nearest] = chart.getElementsAtEventForMode(
            _ev,
            "nearest",
            {intersect: true},
            false
        );
        const element = nearest || elements[0];
        if (element) {
            open(element.index, nearest && movements.kinds[nearest.datasetIndex]?.kind);
        }
    });
    options.scales.mrr = {
        ...options.scales.y,
        stacked: false,
        position: "right",
        beginAtZero: true,
        grid: {display: false},
        title: {display: window.innerWidth >= 576, text: _t("MRR"), color: TEXT},
    };
    return {data: {labels: movements.months, datasets: [...bars, line]}, options};
}

/**
 * Return the chart of the coming months: what is known, and the trend on top of it.
 *
 * @param {Object} forecast as of `get_board`
 * @param {number} currencyId
 * @returns {Object}
 */
export function getForecastConfig(forecast, currencyId) {
    const data = {
        labels: forecast.months,
        datasets: [
            {
                type: "bar",
                label: _t("Known"),
                data: forecast.known_mrr,
                backgroundColor: KNOWN,
                stack: "forecast",
            },
            {
                type: "bar",
                label: _t("Trend"),
                data: forecast.trend_mrr,
                backgroundColor: TREND,
                stack: "forecast",
            },
        ],
    };
    const options = getOptions(currencyId, true);
    options.plugins.tooltip.callbacks.footer = ([item]) =>
        _t(
            "Contracts: %(known)s known, %(trend)s by the trend",
            {
                known: forecast.known_contracts[item.dataIndex],
                trend: forecast.trend_contracts[item.dataIndex].toFixed(1),
            }
        );
    return {data, options};
}
