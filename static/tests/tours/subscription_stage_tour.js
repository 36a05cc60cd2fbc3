import {addTour} from "@subscriptions/../tests/tours/add_tour";

const column = (name) => `.o_kanban_group:contains('${name}')`;
// One that is being saved cannot be dragged.
const card = ".o_kanban_record.o_draggable:contains('Ada Example')";

// Cards are dragged, and one that may not lie where it was dropped goes back.
addTour("subscription_stages", {
    url: "/odoo/subscriptions",
    steps: () => [
        {trigger: ".o_facet_remove", content: "What is closed, too", run: "click"},
        {
            trigger: "body:not(:has(.o_searchview_facet)) .o_switch_view.o_kanban",
            run: "click",
        },
        {
            trigger: ".o_kanban_group.o_column_folded:contains('Closed')",
            content: "What is over is folded",
        },
        {
            trigger: `${column("In Progress")} ${card}`,
            content: "To a stage that people choose",
            run: `drag_and_drop(${column("Onboarding")})`,
        },
        {trigger: `${column("Onboarding")} ${card}`},
        {
            trigger: `${column("Onboarding")} ${card}`,
            content: "To one that a contract enters by itself",
            run: `drag_and_drop(${column("Paused")})`,
        },
        {
            trigger: ".modal:contains('is in progress. Pause it, and it comes to')",
            content: "What to do instead is said",
        },
        {trigger: ".modal .modal-footer button", run: "click"},
        {
            trigger: `body:not(:has(.modal)) ${column("Onboarding")} ${card}`,
            content: "The card is back",
        },
        {
            trigger: `${column("Paused")}:not(:has(${card}))`,
        },
        {
            // Shown where the mouse is; that of the test is nowhere for long.
            trigger: `${column("Onboarding")} .o_group_config button:not(:visible)`,
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .o_kanban_toggle_fold",
            content: "Columns fold",
            run: "click",
        },
        {
            trigger: ".o_kanban_group.o_column_folded:contains('Onboarding')",
            run: "click",
        },
        {
            trigger: `${column("Onboarding")}:not(.o_column_folded) ${card}`,
            run: "click",
        },
        {
            trigger:
                ".o_statusbar_status .o_arrow_button_current:contains('Onboarding')",
            content: "The form knows the stage, and moves the contract as well",
        },
        {
            trigger: ".o_statusbar_status button:contains('In Progress')",
            run: "click",
        },
        {
            trigger:
                ".o_statusbar_status .o_arrow_button_current:contains('In Progress')",
        },
        {
            trigger: ".o_statusbar_status button:contains('Onboarding')",
            run: "click",
        },
        {
            trigger:
                ".o_statusbar_status .o_arrow_button_current:contains('Onboarding')",
        },
        {
            trigger:
                ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))",
        },
    ],
});
