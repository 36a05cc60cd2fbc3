import {getCustomColor} from "@web/core/colors/colors";
import {formatCurrency} from "@web/core/currency";
import {_t} from "@web/core/l10n/translation";

// What the charts of the KPI board look like, for Chart.js.

/**
 * Return the colours that can be read on the page, be it light or dark.
 *
 * @returns {Object}
 */
function getColors() {
    const [red, green, blue] = getComputedStyle(document.body).color.match(/[\d.]+/g);
    const scheme = Number(red) + Number(green) + Number(blue) > 382 ? "dark" : "light";
    const choose = (light, dark) => getCustomColor(scheme, light, dark);
    return {
        text: choose("#374151", "#E4E4E4"),
        grid: choose("rgba(0,0,0,.1)", "rgba(255,255,255,.15)"),
        line: choose("#111827", "#ffffff"),
        known: choose("#3b6fb6", "#6ea8fe"),
        trend: choose("#b7cdea", "#35507a"),
        new: choose("#2f855a", "#48bb78"),
        reactivation: choose("#2c7a7b", "#38b2ac"),
        expansion: choose("#90c9a7", "#276749"),
        contraction: choose("#f0b37e", "#c05621"),
        churn: choose("#c53030", "#f56565"),
    };
}

/**
 * Return the next number above that people count in: 1, 2, 2.5 or 5 times a power of 10.
 *
 * @param {number} number
 * @returns {number}
 */
export function getStep(number) {
    const power = 10 ** Math.floor(Math.log10(number));
    return [1, 2, 2.5, 5, 10].find((one) => one * power >= number * 0.999999) * power;
}

/**
 * Return the limits of two axes whose zeros are on one line.
 *
 * @param {{values: number[]}[]} bars stacked, losses below 0
 * @param {number[]} line
 * @returns {Object} step, least and most of each axis
 */
export function getAxes(bars, line) {
    const stack = (keep) =>
        line.map((_value, index) =>
            bars.reduce(
                (sum, {values}) => sum + (keep(values[index]) ? values[index] : 0),
                0
            )
        );
    const most = Math.max(0, ...stack((value) => value > 0));
    const least = Math.max(0, ...stack((value) => value < 0).map((value) => -value));
    const step = getStep(Math.max(most, least, 1) / 4);
    const above = Math.max(Math.ceil(most / step), 1);
    const below = Math.ceil(least / step);
    const lineStep = getStep(Math.max(...line, 1) / above);
    return {
        bars: {min: -below * step, max: above * step, stepSize: step},
        line: {min: -below * lineStep, max: above * lineStep, stepSize: lineStep},
    };
}

function getOptions(currencyId, colors, onClick) {
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
                labels: {color: colors.text, boxWidth: 12, usePointStyle: false},
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
                stacked: true,
                grid: {display: false},
                ticks: {
                    color: colors.text,
                    autoSkip: true,
                    maxTicksLimit: isNarrow ? 4 : 12,
                    maxRotation: 0,
                },
            },
            y: {
                stacked: true,
                grid: {color: colors.grid},
                ticks: {
                    color: colors.text,
                    maxTicksLimit: 11,
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
    const colors = getColors();
    const bars = movements.kinds.map(({kind, label, values}) => ({
        type: "bar",
        label,
        data: values,
        backgroundColor: colors[kind],
        stack: "movements",
        order: 2,
    }));
    const line = {
        type: "line",
        label: _t("MRR"),
        data: movements.mrr,
        borderColor: colors.line,
        backgroundColor: colors.line,
        borderWidth: 2,
        pointRadius: 2,
        tension: 0.2,
        yAxisID: "mrr",
        order: 1,
    };
    const options = getOptions(currencyId, colors, (ev, elements, chart) => {
        const [nearest] = chart.getElementsAtEventForMode(
            ev,
            "nearest",
            {intersect: true},
            false
        );
        const element = nearest || elements[0];
        if (element) {
            open(element.index, nearest && movements.kinds[nearest.datasetIndex]?.kind);
        }
    });
    const axes = getAxes(movements.kinds, movements.mrr);
    const {bars: left, line: right} = axes;
    const {ticks} = options.scales.y;
    options.scales.mrr = {
        stacked: false,
        position: "right",
        min: right.min,
        max: right.max,
        grid: {display: false},
        ticks: {
            ...ticks,
            stepSize: right.stepSize,
            callback: (value) => (value < 0 ? "" : ticks.callback(value)),
        },
        title: {display: window.innerWidth >= 576, text: _t("MRR"), color: colors.text},
    };
    Object.assign(options.scales.y, {
        min: left.min,
        max: left.max,
        ticks: {...ticks, stepSize: left.stepSize},
    });
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
    const colors = getColors();
    const data = {
        labels: forecast.months,
        datasets: [
            {
                type: "bar",
                label: _t("Known"),
                data: forecast.known_mrr,
                backgroundColor: colors.known,
                stack: "forecast",
            },
            {
                type: "bar",
                label: _t("Trend"),
                data: forecast.trend_mrr,
                backgroundColor: colors.trend,
                stack: "forecast",
            },
        ],
    };
    const options = getOptions(currencyId, colors);
    options.plugins.tooltip.callbacks.footer = ([item]) =>
        _t("Contracts: %(known)s known, %(trend)s by the trend", {
            known: forecast.known_contracts[item.dataIndex],
            trend: forecast.trend_contracts[item.dataIndex].toFixed(1),
        });
    return {data, options};
}
