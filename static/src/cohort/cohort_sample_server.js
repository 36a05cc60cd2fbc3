import {registry} from "@web/core/registry";

const {DateTime} = luxon;
const COLUMNS = 16;
const STARTED = [12, 20, 16, 30, 24, 36, 28, 40];
const FORMATS = {
    day: "dd MMM yyyy",
    week: "'W'W kkkk",
    month: "MMMM yyyy",
    quarter: "'Q'q yyyy",
    year: "yyyy",
};

/**
 * Cohorts as they might look, behind the help of a view that has no records. Of each, a
 * share is gone with every period.
 *
 * @param {Object} params those of a call of `get_cohort_data`
 * @returns {Object} what the server would return
 */
function getSampleCohortData({args}) {
    const [, , , interval, , mode, timeline] = args;
    const first = timeline === "backward" ? 1 - COLUMNS : 0;
    const offsets = Array.from({length: COLUMNS}, (_, index) => first + index);
    const getPercentage = (index) => {
        const left = 100 * Math.pow(0.93, index);
        return mode === "churn" ? 100 - left : left;
    };
    const rows = STARTED.map((value, line) => {
        const age = STARTED.length - 1 - line;
        const columns = offsets.map((offset, index) => {
            const percentage = offset > age ? null : getPercentage(index);
            return {
                value: percentage === null ? null : (value * percentage) / 100,
                percentage,
                domain: null,
            };
        });
        const label = DateTime.now()
            .minus({[`${interval}s`]: age})
            .toFormat(FORMATS[interval]);
        return {label, value, columns, domain: []};
    });
    return {
        rows,
        average: {
            value: STARTED.reduce((sum, value) => sum + value, 0),
            columns: rows[0].columns,
        },
        offsets,
        currency_id: false,
        left_out: 0,
    };
}

registry.category("sample_server").add("get_cohort_data", getSampleCohortData);
