import {addTour} from "@subscriptions/../tests/tours/add_tour";

const tile = (key) => `.o_kpi_tile[data-kpi=${key}]`;

// Looks at the figures, chooses what to see, looks behind one, and comes back to it.
const steps = () => [
    {
        trigger: `${tile("mrr")} .o_kpi_value:contains('$')`,
        content: "Last month's figures",
    },
    {trigger: ".o_kpi_span", run: "select month"},
    {trigger: `${tile("logo_churn")} .o_kpi_value:contains('50.00 %')`},
    {trigger: `${tile("contracts")} .o_kpi_value:contains('1')`},
    {trigger: `${tile("quick_ratio")} .o_kpi_value`},
    {trigger: `${tile("logo_churn")} .o_kpi_explain`, run: "click"},
    {
        trigger: `${tile("logo_churn")} .o_kpi_formula:contains('1 ÷ 2'):visible`,
        content: "How it comes about",
    },
    {trigger: ".o_kpi_movements canvas"},
    {trigger: ".o_kpi_forecast .o_kpi_method:contains('trend')"},
    {
        trigger: "body",
        run() {
            const {scrollWidth, clientWidth} = document.querySelector(".o_kpi_board");
            if (scrollWidth > clientWidth) {
                throw new Error(
                    `The board is ${scrollWidth - clientWidth} px too wide`
                );
            }
        },
    },
    {trigger: ".o_kpi_filter_toggle", run: "click"},
    {
        trigger: ".o_kpi_filter[data-filter=plan_id] input",
        run: "edit Yearly",
    },
    {
        trigger:
            ".o-autocomplete--dropdown-item:contains('Yearly'):not(:contains('Search'))",
        run: "click",
    },
    {
        trigger: `${tile("mrr")} .o_kpi_value:contains('0.00')`,
        content: "No contract by the year",
    },
    {
        trigger: `${tile("logo_churn")} .o_kpi_value:contains('n/a')`,
        content: "Nothing to divide by",
    },
    {trigger: ".o_kpi_filters .btn-link:contains('Clear')", run: "click"},
    {trigger: `${tile("logo_churn")} .o_kpi_value:contains('50.00 %')`},
    {trigger: `${tile("gross_revenue_churn")} .o_kpi_open`, run: "click"},
    {
        trigger: ".o_list_view .o_data_row, .o_kanban_view .o_kanban_record",
        content: "The rows that it is made of",
    },
    {
        trigger: ".breadcrumb-item a:contains('Key Figures'), .o_back_button",
        run: "click",
    },
    {
        trigger: `${tile("logo_churn")} .o_kpi_value:contains('50.00 %')`,
        content: "What was chosen is still chosen",
    },
];

addTour("subscription_kpi_board", {url: "/odoo/subscription-kpis", steps});
