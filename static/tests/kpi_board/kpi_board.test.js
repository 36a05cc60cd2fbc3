import {expect, test} from "@odoo/hoot";
import {queryAll, queryAllTexts} from "@odoo/hoot-dom";
import {animationFrame} from "@odoo/hoot-mock";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {
    contains,
    getService,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import {WebClient} from "@web/webclient/webclient";
import {getAxes, getStep} from "@subscriptions/kpi_board/kpi_charts";
import {getTrendLines} from "@subscriptions/kpi_board/kpi_tile";

defineMailModels();

const ACTION = {type: "ir.actions.client", tag: "subscription_kpi_board"};
const TILE = {
    key: "logo_churn",
    label: "Logo Churn",
    text: "15.00 %",
    before_text: "n/a",
    difference: "",
    mood: "none",
    trend: [null, 0.1, 0.15],
    formula: "Contracts lost ÷ contracts at the start: 3 ÷ 20",
    action: {type: "ir.actions.act_window", res_model: "subscription.event"},
};

function getBoard(values = {}) {
    return {
        span: {label: "July", date_from: "2026-07-01", date_to: "2026-07-31"},
        before: {label: "June", date_from: "2026-06-01", date_to: "2026-06-30"},
        tiles: [
            TILE,
            {
                ...TILE,
                key: "mrr",
                label: "MRR",
                text: "$ 652.00",
                before_text: "$ 600.00",
                difference: "+8.7 %",
                mood: "good",
            },
        ],
        movements: {
            months: ["Jul 2026"],
            spans: [["2026-07-01", "2026-07-31"]],
            kinds: [{kind: "new", label: "New", values: [52]}],
            mrr: [652],
            action: {},
        },
        forecast: {
            months: ["Jul 2026"],
            known_mrr: [652],
            trend_mrr: [0],
            known_contracts: [19],
            trend_contracts: [0],
            method: "Known is what stands today.",
        },
        filters: [],
        currency_id: 1,
        is_empty: false,
        ...values,
    };
}

async function openBoard() {
    await mountWithCleanup(WebClient);
    await getService("action").doAction(ACTION);
    await animationFrame();
}

test("a line goes through the values that are known", () => {
    expect(getTrendLines([null, null])).toEqual([]);
    expect(getTrendLines([1, null, 1, 2])).toEqual(["66.7,26.0 100.0,2.0"]);
    expect(getTrendLines([5, 5])).toEqual(["0.0,14.0 100.0,14.0"]);
});

test("axes count in round numbers, and their zeros are on one line", () => {
    expect(getStep(3)).toBe(5);
    expect(getStep(250)).toBe(250);
    const {bars, line} = getAxes(
        [{values: [100, 300]}, {values: [-50, 0]}],
        [1000, 1250]
    );
    expect(bars).toEqual({min: -100, max: 300, stepSize: 100});
    expect(line.min / line.max).toBe(bars.min / bars.max);
});

test("each tile is a figure with what was before and how it comes about", async () => {
    onRpc("subscription.kpi", "get_board", ({args}) => {
        expect.step(args[0].span);
        return getBoard();
    });
    await openBoard();
    expect.verifySteps(["last_month"]);
    expect(queryAllTexts(".o_kpi_value")).toEqual(["15.00 %", "$ 652.00"]);
    expect("[data-kpi=mrr] .o_kpi_difference").toHaveClass("text-success");
    expect("[data-kpi=logo_churn] .o_kpi_difference").toHaveCount(0);
    await contains("[data-kpi=logo_churn] .o_kpi_explain").click();
    expect("[data-kpi=logo_churn] .o_kpi_formula").toHaveText(TILE.formula);
    const [button] = queryAll("[data-kpi=logo_churn] .o_kpi_open");
    expect(`#${button.getAttribute("aria-describedby")}`).toHaveText(TILE.formula);
    expect("canvas").toHaveCount(2);
});

test("another span asks anew, from the days that are shown on", async () => {
    onRpc("subscription.kpi", "get_board", ({args}) => {
        expect.step(args[0].span);
        return getBoard();
    });
    await openBoard();
    await contains(".o_kpi_span").select("custom");
    await animationFrame();
    expect(".o_kpi_day input").toHaveCount(2);
    expect.verifySteps(["last_month", "custom"]);
});

test("who has no contract yet is told what will stand here", async () => {
    onRpc("subscription.kpi", "get_board", () => getBoard({is_empty: true}));
    await openBoard();
    expect(".o_kpi_tile").toHaveCount(0);
    expect(".o_kpi_empty h2").toHaveText("No contract has counted yet");
});
