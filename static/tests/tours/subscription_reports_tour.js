import {addTour} from "@subscriptions/../tests/tours/add_tour";

const MENU = "button[data-menu-xmlid='subscriptions.subscription_menu_reports']";

function open(menu, title, shown) {
    return [
        {trigger: MENU, run: "click"},
        {
            trigger: `.o-dropdown--menu a[data-menu-xmlid='subscriptions.subscription_menu_${menu}']`,
            run: "click",
        },
        {trigger: `.o_breadcrumb:contains('${title}')`},
        {trigger: shown, content: title},
    ];
}

const GRAPH = ".o_graph_canvas_container canvas";

// A manager looks at every report, and at what a figure is made of.
addTour("subscription_reports", {
    url: "/odoo/subscriptions",
    steps: () => [
        ...open("mrr_breakdown", "MRR Breakdown", GRAPH),
        ...open("mrr_over_time", "MRR over Time", GRAPH),
        ...open("mrr_by_product", "MRR by Product", GRAPH),
        {trigger: ".o_switch_view.o_list", run: "click"},
        {
            trigger: ".o_data_row:contains('Tour Seat') td[name=event_date]",
            run: "click",
        },
        {
            trigger:
                ".o_form_view .o_field_widget[name=product_summary]:contains('Tour Seat')",
            content: "The event a row was read from",
        },
        ...open("analysis", "Subscription Analysis", GRAPH),
        {trigger: ".o_switch_view.o_pivot", run: "click"},
        {trigger: ".o_pivot_cell_value:contains('35.00')"},
        ...open("retention", "Retention", ".o_cohort_view table"),
        ...open("churn", "Churn by Reason", GRAPH),
        ...open("salespeople", "Salespeople and Teams", ".o_pivot table"),
        {trigger: ".o_pivot_cell_value:contains('35.00')", run: "click"},
        {
            trigger: ".o_data_row:contains('Ada Example') td[name=event_date]",
            content: "The rows behind the figure",
            run: "click",
        },
        {trigger: ".o_form_view .o_field_widget[name=mrr_change]:contains('35.00')"},
        {trigger: ".o_form_view .o_field_widget[name=order_id] a", run: "click"},
        {
            trigger: "button[name=action_view_mrr]:contains('MRR')",
            content: "The contract",
            run: "click",
        },
        {trigger: GRAPH, content: "Its line of life"},
    ],
});
