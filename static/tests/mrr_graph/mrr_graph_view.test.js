import {
    checkDatasets,
    checkLabels,
    setupChartJsForTests,
} from "@web/../tests/views/graph/graph_test_helpers";
import {defineModels, fields, models, mountView} from "@web/../tests/web_test_helpers";
import {describe, test} from "@odoo/hoot";
import {defineMailModels} from "@mail/../tests/mail_test_helpers";
import {mockDate} from "@odoo/hoot-mock";

class Movement extends models.Model {
    _name = "movement";

    event_date = fields.Date();
    kind = fields.Selection({
        selection: [
            ["new", "New"],
            ["churn", "Churn"],
        ],
    });
    plan = fields.Selection({
        selection: [
            ["monthly", "Monthly"],
            ["yearly", "Yearly"],
        ],
    });
    mrr_change = fields.Float({string: "MRR Change", aggregator: "sum"});

    _records = [
        {id: 1, event_date: "2026-01-10", kind: "new", plan: "yearly", mrr_change: 50},
        {id: 2, event_date: "2026-01-20", kind: "new", plan: "monthly", mrr_change: 80},
        {id: 3, event_date: "2026-03-10", kind: "new", plan: "monthly", mrr_change: 20},
        {
            id: 4,
            event_date: "2026-04-10",
            kind: "churn",
            plan: "monthly",
            mrr_change: -30,
        },
    ];
}
defineMailModels();
defineModels([Movement]);
describe.current.tags("desktop");
setupChartJsForTests();

function mount(attributes, groups, domain = []) {
    return mountView({
        type: "graph",
        resModel: "movement",
        arch: `<graph js_class="subscription_mrr_graph" ${attributes}>
            ${groups}<field name="mrr_change" type="measure"/>
        </graph>`,
        domain,
    });
}
const LINE = 'type="line" cumulated="1" cumulated_start="1"';
const MONTH = '<field name="event_date" interval="month"/>';
const SINCE_MARCH = [["event_date", ">=", "2026-03-01"]];

test("the line starts with what was before and goes on until today", async () => {
    mockDate("2026-06-15 12:00:00");
    const view = await mount(LINE, MONTH, SINCE_MARCH);
    checkLabels(view, ["March 2026", "April 2026", "May 2026", "June 2026"]);
    checkDatasets(view, ["data"], [{data: [150, 120, 120, 120]}]);
});

test("a time that is over ends with its last event", async () => {
    mockDate("2026-06-15 12:00:00");
    const view = await mount(LINE, MONTH, [
        "&",
        ...SINCE_MARCH,
        ["event_date", "<=", "2026-04-30"],
    ]);
    checkLabels(view, ["March 2026", "April 2026"]);
});

test("what did not move in the time shown is in the stack", async () => {
    mockDate("2026-04-15 12:00:00");
    const view = await mount(LINE, `${MONTH}<field name="plan"/>`, SINCE_MARCH);
    checkDatasets(
        view,
        ["label", "data"],
        [
            {label: "Monthly", data: [100, 70]},
            {label: "Yearly", data: [50, 50]},
        ]
    );
});

test("days are steps, and only those on which something happened are points", async () => {
    mockDate("2026-01-12 12:00:00");
    Movement._records = Movement._records.slice(0, 1);
    const view = await mount(LINE, '<field name="event_date" interval="day"/>');
    checkDatasets(
        view,
        ["data", "stepped", "pointRadius"],
        [{data: [50, 50, 50], stepped: true, pointRadius: [4, 0, 0]}]
    );
});

test("kinds have colours of their own", async () => {
    mockDate("2026-04-15 12:00:00");
    const view = await mount('type="bar"', `${MONTH}<field name="kind"/>`);
    checkDatasets(
        view,
        ["label", "backgroundColor"],
        [
            {label: "New", backgroundColor: "#43C5B1"},
            {label: "Churn", backgroundColor: "#EA6175"},
            {label: "Sum", backgroundColor: "#343a40"},
        ]
    );
});
