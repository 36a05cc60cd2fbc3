import {Component, useState} from "@odoo/owl";

// A figure: what it is and was, how it went, and in words how it comes about.

const WIDTH = 100;
const HEIGHT = 28;
const MARGIN = 2;

/**
 * Return the points of a line through values, in pieces where one is missing.
 *
 * @param {(number|null)[]} values
 * @returns {string[]} the points attributes of polylines
 */
export function getTrendLines(values) {
    const known = values.filter((value) => value !== null);
    if (!known.length) {
        return [];
    }
    const least = Math.min(...known);
    const range = Math.max(...known) - least;
    const lines = [[]];
    values.forEach((value, index) => {
        if (value === null) {
            lines.push([]);
            return;
        }
        const x = (index * WIDTH) / Math.max(values.length - 1, 1);
        const share = range ? (value - least) / range : 0.5;
        const y = HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN);
        lines.at(-1).push(`${x.toFixed(1)},${y.toFixed(1)}`);
    });
    return lines.filter((line) => line.length > 1).map((line) => line.join(" "));
}

export class KpiTile extends Component {
    static template = "subscriptions.KpiTile";
    static props = {tile: Object, before: Object, open: Function};

    setup() {
        this.state = useState({isExplained: false});
        this.viewBox = `0 0 ${WIDTH} ${HEIGHT}`;
    }

    get trendLines() {
        return getTrendLines(this.props.tile.trend);
    }

    get moodClass() {
        return {good: "text-success", bad: "text-danger", none: "text-muted"}[
            this.props.tile.mood
        ];
    }
}
