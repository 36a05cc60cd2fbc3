import {addTour} from "./add_tour";

/* What is looked at is the action of tests/test_cohort_tours.py: ten quotations of
   January 2026, two of which expired in February. */

const JANUARY = ".o_cohort tbody tr:contains('January 2026')";

function assertInside() {
    const {scrollWidth, clientWidth} = document.documentElement;
    if (scrollWidth > clientWidth) {
        throw new Error(`the page is ${scrollWidth - clientWidth} px too wide`);
    }
}

const open = [
    {
        content: "of ten, two are gone in February",
        trigger: `${JANUARY} td:nth-child(4):contains('80%')`,
        run: assertInside,
    },
];
const drillDown = [
    {content: "open those that are left", trigger: `${JANUARY} td:nth-child(4) button`},
];

addTour("cohort_view", {
    steps: () => [
        ...open,
        {
            content: "show those that are gone",
            trigger: "[data-mode=churn]",
            run: "click",
        },
        {
            content: "of ten, two are gone in February",
            trigger: `${JANUARY} td:nth-child(4):contains('20%')`,
        },
        {content: "choose an interval", trigger: ".o_cohort_interval", run: "click"},
        {trigger: ".o-dropdown-item:contains('Quarter')", run: "click"},
        {
            content: "the first quarter has the two",
            trigger:
                ".o_cohort tbody tr:contains('Q1 2026') td:nth-child(3):contains('20%')",
        },
        {trigger: "[data-mode=retention]", run: "click"},
        {trigger: ".o_cohort_interval", run: "click"},
        {trigger: ".o-dropdown-item:contains('Month')", run: "click"},
        {...drillDown[0], run: "click"},
        {
            content: "a list of the eight",
            trigger: ".o_list_view .o_data_row:nth-child(8)",
            run() {
                const rows = document.querySelectorAll(".o_list_view .o_data_row");
                if (rows.length !== 8) {
                    throw new Error(`${rows.length} quotations instead of 8`);
                }
            },
        },
        {trigger: ".o_back_button, .breadcrumb-item a", run: "click"},
        {trigger: `${JANUARY} th button`, run: "click"},
        {content: "all ten", trigger: ".o_list_view .o_data_row:nth-child(10)"},
    ],
});

addTour("cohort_view_phone", {
    steps: () => [
        ...open,
        {
            content: "the table moves, and the names of its rows stay",
            trigger: ".o_cohort",
            run() {
                const table = document.querySelector(".o_cohort");
                if (table.scrollWidth <= table.clientWidth) {
                    throw new Error("the table does not move inside its frame");
                }
                table.scrollLeft = 300;
                const name = document.querySelector(".o_cohort tbody th");
                const gap =
                    name.getBoundingClientRect().left -
                    table.getBoundingClientRect().left;
                if (Math.abs(gap) > 2) {
                    throw new Error(`the name of the row went ${gap} px away`);
                }
                assertInside();
            },
        },
        {
            content: "show those that are gone",
            trigger: "[data-mode=churn]",
            run: "click",
        },
        {trigger: `${JANUARY} td:nth-child(4):contains('20%')`, run: assertInside},
        {...drillDown[0], run: "click"},
        {
            content: "the two",
            trigger: ".o_list_view .o_data_row, .o_kanban_view .o_kanban_record",
            run: assertInside,
        },
    ],
});
