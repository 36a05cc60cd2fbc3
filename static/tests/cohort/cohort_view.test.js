import {animationFrame, mockDate} from "@odoo/hoot-mock";
import {
    contains,
    defineModels,
    editFavoriteName,
    fields,
    mockService,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
    saveFavorite,
    toggleMenuItem,
    toggleSaveFavorite,
    toggleSearchBarMenu,
} from "@web/../tests/web_test_helpers";
import {describe, expect, queryAllTexts, queryFirst, test} from "@odoo/hoot";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {download} from "@web/core/network/download";

const ARCH = `<cohort string="Members" date_start="start" date_stop="stop" interval="month"/>`;
const NONE = Array(13).fill("");

class Member extends models.Model {
    _name = "member";

    name = fields.Char();
    start = fields.Date({string: "Joined"});
    stop = fields.Date({string: "Left"});
    fee = fields.Float({string: "Fee", aggregator: "sum"});
    age = fields.Integer({string: "Age", aggregator: "avg"});
    points = fields.Integer({string: "Points", aggregator: "sum"});

    _views = {
        search: `<search><filter name="rich" string="Rich" domain="[('fee', '>', 100)]"/></search>`,
        "list,31": `<list><field name="name"/></list>`,
        "form,32": `<form><field name="name"/></form>`,
    };
}
defineMailModels();
defineModels([Member]);
describe.current.tags("desktop");

/**
 * @param {String} label
 * @param {Number} value
 * @param {Number[]} percentages those of the first columns; the others have not come
 * @returns {Object} a row as the server returns it
 */
function makeRow(label, value, percentages) {
    const columns = [];
    for (let index = 0; index < 16; index++) {
        const percentage = percentages[index] ?? null;
        columns.push({
            percentage,
            value: percentage === null ? null : (value * percentage) / 100,
            domain: percentage === null ? null : [["stop", ">=", `${label}+${index}`]],
        });
    }
    return {label, value, columns, domain: [["start", "=", label]]};
}

function makeData(values = {}) {
    return {
        rows: [
            makeRow("January 2026", 10, [100, 80, 70]),
            makeRow("February 2026", 20, [95, 75]),
        ],
        average: makeRow("", 30, [96.6667, 76.6667, 70]),
        offsets: [...Array(16).keys()],
        currency_id: false,
        left_out: 0,
        ...values,
    };
}

/**
 * @param {Object} [values] what the server returns otherwise
 * @returns {Array} the arguments with which the server is called, as they come
 */
function serve(values) {
    const calls = [];
    onRpc("member", "get_cohort_data", ({args}) => {
        calls.push(args);
        return makeData(values);
    });
    return calls;
}

async function mount(options = {}) {
    return mountView({type: "cohort", resModel: "member", arch: ARCH, ...options});
}

test("cohorts stand in rows, periods in columns, and averages below", async () => {
    const calls = serve();
    await mount();
    expect(calls).toEqual([
        ["start", "stop", "__count", "month", [], "retention", "forward"],
    ]);
    expect(queryAllTexts("thead tr:first-child th")).toEqual([
        "Joined",
        "Count",
        "Retention at the end of each period, by Left (Month)",
    ]);
    expect(queryAllTexts("thead tr:last-child th").slice(0, 3)).toEqual([
        "0",
        "+1",
        "+2",
    ]);
    expect(queryAllTexts("tbody tr:first-child > *")).toEqual([
        "January 2026",
        "10",
        "100%",
        "80%",
        "70%",
        ...NONE,
    ]);
    expect(queryAllTexts("tbody tr:last-child > *").slice(0, 5)).toEqual([
        "February 2026",
        "20",
        "95%",
        "75%",
        "",
    ]);
    expect(queryAllTexts("tfoot tr > *")).toEqual([
        "Total / Average",
        "30",
        "96.7%",
        "76.7%",
        "70%",
        ...NONE,
    ]);
});

test("the table tells what is what to those who do not see it", async () => {
    serve();
    await mount();
    expect("table > caption").toHaveText(/Retention at the end of each period/);
    expect("thead th[scope=col]").toHaveCount(18);
    expect("thead th[scope=colgroup]").toHaveCount(1);
    expect("tbody th[scope=row]").toHaveCount(2);
    expect("tfoot th[scope=row]").toHaveCount(1);
    expect("tbody tr:first-child .o_cohort_cell:eq(1) button").toHaveAttribute(
        "aria-label",
        "January 2026, period +1: 80%, 8 of 10"
    );
    expect("tbody tr:first-child .o_cohort_cell:eq(1) button").toHaveAttribute(
        "data-tooltip",
        "8 of 10"
    );
    expect(".o_cohort_mode.active").toHaveAttribute("aria-pressed", "true");
    expect(".o_cohort_mode:not(.active)").toHaveAttribute("aria-pressed", "false");
});

test("the more there is, the deeper the colour, and what has not come has none", async () => {
    serve({rows: [makeRow("January 2026", 10, [100, 50, 0])]});
    await mount();
    const alphas = [...document.querySelectorAll("tbody .o_cohort_cell")].map((cell) =>
        cell.style.getPropertyValue("--o-cohort-alpha")
    );
    expect(alphas.slice(0, 4)).toEqual(["0.500", "0.250", "0.000", ""]);
});

test("measures that can be added up are in the menu", async () => {
    const calls = serve();
    await mount({
        arch: `<cohort date_start="start" date_stop="stop" interval="month">
            <field name="fee" string="Yearly fee"/>
            <field name="points" invisible="1"/>
        </cohort>`,
    });
    await contains("button:contains(Measures)").click();
    expect(queryAllTexts(".o-dropdown--menu .o_menu_item")).toEqual([
        "Yearly fee",
        "Count",
    ]);
    await toggleMenuItem("Yearly fee");
    expect(calls.at(-1)[2]).toBe("fee");
    expect("thead tr:first-child th:eq(1)").toHaveText("Yearly fee");
    expect("tbody tr:first-child .o_cohort_value").toHaveText("10.00");
});

test("amounts have their currency", async () => {
    class Paid extends models.Model {
        _name = "paid";

        start = fields.Date();
        stop = fields.Date();
        currency_id = fields.Many2one({relation: "res.currency"});
        amount = fields.Monetary({currency_field: "currency_id", aggregator: "sum"});
    }
    defineModels([Paid]);
    onRpc("paid", "get_cohort_data", () => makeData({currency_id: 1}));
    await mountView({
        type: "cohort",
        resModel: "paid",
        arch: `<cohort date_start="start" date_stop="stop" measure="amount"/>`,
    });
    expect(queryFirst("tbody .o_cohort_value").textContent).toBe("$\u00a010.00");
});

test("interval, mode and timeline are chosen one after the other", async () => {
    const calls = serve();
    await mount();
    await contains(".o_cohort_interval").click();
    expect(queryAllTexts(".o-dropdown--menu .o-dropdown-item")).toEqual([
        "Day",
        "Week",
        "Month",
        "Quarter",
        "Year",
    ]);
    expect(".o-dropdown--menu .selected").toHaveText("Month");
    await contains(".o-dropdown-item:contains(Quarter)").click();
    expect(".o_cohort_interval").toHaveText("Quarter");
    await contains(".o_cohort_mode[data-mode=churn]").click();
    expect(".o_cohort_mode.active").toHaveText("Churn");
    expect("thead th[scope=colgroup]").toHaveText(/^Churn/);
    await contains(".o_cohort_timeline[data-timeline=backward]").click();
    expect(".o_cohort_timeline.active").toHaveText("Backward");
    expect(calls.slice(1).map((call) => [call[3], call[5], call[6]])).toEqual([
        ["quarter", "retention", "forward"],
        ["quarter", "churn", "forward"],
        ["quarter", "churn", "backward"],
    ]);
    await contains(".o_cohort_mode[data-mode=churn]").click();
    expect(calls).toHaveLength(4);
});

test("a backward timeline counts up to the start", async () => {
    serve({offsets: Array.from({length: 16}, (_, index) => index - 15)});
    await mount({arch: ARCH.replace("/>", ` timeline="backward"/>`)});
    const names = queryAllTexts("thead tr:last-child th");
    expect([names[0], names.at(-2), names.at(-1)]).toEqual(["-15", "-1", "0"]);
});

test("filters reach the server, and favourites remember what is chosen", async () => {
    const calls = serve();
    onRpc("create_filter", ({args}) => {
        expect.step(args[0].context);
        return [7];
    });
    await mount({searchViewId: false});
    await toggleSearchBarMenu();
    expect(".o_group_by_menu").toHaveCount(0);
    await toggleMenuItem("Rich");
    expect(calls.at(-1)[4]).toEqual([["fee", ">", 100]]);
    await contains(".o_cohort_mode[data-mode=churn]").click();
    await toggleSearchBarMenu();
    await toggleSaveFavorite();
    await editFavoriteName("Leaving");
    await saveFavorite();
    expect.verifySteps([
        {
            cohort_interval: "month",
            cohort_measure: "__count",
            cohort_mode: "churn",
            cohort_timeline: "forward",
            group_by: [],
        },
    ]);
});

test("a favourite shows what it remembers until something else is chosen", async () => {
    const calls = serve();
    await mount({
        searchViewId: false,
        irFilters: [
            {
                user_ids: [2],
                name: "Leaving",
                id: 5,
                context: `{
                    "cohort_measure": "fee",
                    "cohort_interval": "year",
                    "cohort_mode": "churn",
                    "cohort_timeline": "backward",
                }`,
                sort: "[]",
                domain: "",
                is_default: true,
                model_id: "member",
                action_id: false,
            },
        ],
    });
    expect(calls[0].toSpliced(4, 1)).toEqual([
        "start",
        "stop",
        "fee",
        "year",
        "churn",
        "backward",
    ]);
    await contains(".o_cohort_mode[data-mode=retention]").click();
    await contains(".o_cohort_timeline[data-timeline=forward]").click();
    expect(calls.at(-1).slice(5)).toEqual(["retention", "forward"]);
    await toggleSearchBarMenu();
    await toggleMenuItem("Rich");
    expect(calls.at(-1).slice(5)).toEqual(["retention", "forward"]);
    expect(calls.at(-1)[2]).toBe("fee");
});

test("what a favourite remembers and nobody knows any more is passed over", async () => {
    const calls = serve();
    await mount({context: {cohort_measure: "gone", cohort_interval: "hour"}});
    expect([calls[0][2], calls[0][3]]).toEqual(["__count", "month"]);
});

test("figures and names of rows open the records behind them", async () => {
    serve();
    const actions = [];
    mockService("action", {
        doAction(action, options) {
            actions.push({...action, options});
        },
    });
    await mount({
        domain: [["fee", ">", 1]],
        context: {cohort_mode: "churn", search_default_rich: 0, lang: "en"},
        config: {
            views: [
                [31, "list"],
                [32, "form"],
            ],
        },
    });
    await contains("tbody tr:first-child .o_cohort_cell:eq(1) button").click();
    expect(actions[0]).toMatchObject({
        type: "ir.actions.act_window",
        name: "Members",
        res_model: "member",
        domain: ["&", ["fee", ">", 1], ["stop", ">=", "January 2026+1"]],
        views: [
            [31, "list"],
            [32, "form"],
        ],
    });
    expect(
        Object.keys(actions[0].context).filter((key) => /^cohort_|^search_/.test(key))
    ).toEqual([]);
    expect(actions[0].options.viewType).toBe("list");
    await contains("tbody tr:last-child th button").click();
    expect(actions[1].domain).toEqual([
        "&",
        ["fee", ">", 1],
        ["start", "=", "February 2026"],
    ]);
    expect(".o_cohort_empty button").toHaveCount(0);
});

test("figures open nothing if the view says so", async () => {
    serve();
    await mount({arch: ARCH.replace("/>", ` disable_linking="1"/>`)});
    expect(".o_cohort_link").toHaveCount(0);
    expect("tbody tr:first-child .o_cohort_cell:eq(1)").toHaveText("80%");
});

test("the workbook has what is shown", async () => {
    serve();
    patchWithCleanup(download, {
        async _download({url, data}) {
            expect.step(url);
            const table = JSON.parse(await data.data.text());
            expect(table.title).toBe("Members (Retention)");
            expect(table.headers.slice(0, 4)).toEqual(["Joined", "Count", "0", "+1"]);
            expect(table.rows.map((row) => [row.label, row.value])).toEqual([
                ["January 2026", 10],
                ["February 2026", 20],
                ["Total / Average", 30],
            ]);
            expect(table.rows[0].percentages.slice(0, 4)).toEqual([100, 80, 70, null]);
            expect(table.rows.map((row) => row.is_bold)).toEqual([false, false, true]);
        },
    });
    await mount();
    await contains(".o_cohort_download").click();
    await animationFrame();
    expect.verifySteps(["/web/cohort/export_xlsx"]);
});

test("a view without records says so and shows no table", async () => {
    serve({rows: []});
    await mount({noContentHelp: "Nobody has joined yet"});
    expect(".o_view_nocontent").toHaveText("Nobody has joined yet");
    expect(".o_cohort").toHaveCount(0);
    expect(".o_cohort_download").not.toBeEnabled();
});

test("sample cohorts stand behind the help, and lead nowhere", async () => {
    mockDate("2026-04-15 12:00:00");
    serve({rows: []});
    await mount({
        arch: ARCH.replace("/>", ` sample="1"/>`),
        noContentHelp: "Nobody has joined yet",
    });
    expect(".o_view_sample_data .o_cohort tbody tr").toHaveCount(8);
    expect("tbody tr:last-child th").toHaveText("April 2026");
    expect("tbody tr:first-child .o_cohort_cell:not(.o_cohort_empty)").toHaveCount(8);
    expect(".o_view_nocontent").toHaveText("Nobody has joined yet");
    expect(".o_cohort_link").toHaveCount(0);
    expect(".o_cohort_download").not.toBeEnabled();
});

test("it is said when earlier cohorts are left out", async () => {
    serve({left_out: 3650});
    await mount();
    expect(".o_cohort_renderer .alert").toHaveText(
        /latest 2 cohorts are shown, and 3650 earlier ones are left out/
    );
});
