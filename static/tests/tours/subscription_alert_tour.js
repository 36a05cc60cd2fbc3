import {addTour} from "@subscriptions/../tests/tours/add_tour";

const field = (name) => `.o_form_view [name='${name}']`;

// A sales manager writes an alert, reads it back, looks at whom it is about, and runs it.
addTour("subscription_alert", {
    url: "/odoo/subscription-alerts/new",
    steps: () => [
        {trigger: `${field("name")} input`, run: "edit Small ones"},
        {
            trigger: `${field("mrr_max")} input`,
            run: "edit 50",
        },
        {
            // The field is left, and the sentence worked out anew.
            trigger: `${field("activity_summary")} input`,
            run: "edit Ask what is missing && press Tab",
        },
        {
            trigger: `${field("sentence")}:contains('50.00 or less, plan “Call”')`,
            content: "It reads itself back",
        },
        {trigger: ".o_form_button_save", run: "click"},
        {
            trigger: "body:not(:has(.o_form_dirty)) [name='action_run']",
            content: "Nothing is done about the past by itself",
        },
        {
            trigger: "[name='action_view_matches']:contains('1')",
            content: "Who matches",
            run: "click",
        },
        {trigger: ".o_data_row:contains('Ada Example')"},
        {trigger: ".breadcrumb-item:contains('Small ones')", run: "click"},
        {trigger: "[name='action_run']", run: "click"},
        {trigger: ".modal .modal-footer .btn-primary", run: "click"},
        {trigger: ".o_notification:contains('Acted on 1 contracts')"},
        {
            trigger: "[name='action_view_rows']:contains('1')",
            content: "What it did",
            run: "click",
        },
        {trigger: ".o_data_row:contains('Done')"},
    ],
});
