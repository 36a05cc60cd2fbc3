import {addTour} from "@subscriptions/../tests/tours/add_tour";

addTour("subscriptions_dashboard", {
    steps: () => [
        {
            trigger: ".o_search_panel .active:contains('Subscriptions')",
            content: "The dashboard is in the app",
        },
        {
            trigger: ".o-figure canvas, .o-scorecard",
            content: "Its figures are drawn",
        },
        {
            trigger: ".o-dashboard-clickable-cell:contains('MRR Breakdown'), .o-grid",
            content: "Its titles are there",
        },
    ],
});
