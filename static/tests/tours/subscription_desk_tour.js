import {addTour} from "@subscriptions/../tests/tours/add_tour";
const cause = (name) => `.o_group_header:contains('${name}')`;

// The provider did not answer; the accountant has found the payment in its list.
addTour("subscription_settle", {
    url: "/odoo/subscriptions-held",
    steps: () => [
        {
            trigger: `${cause("Payment unknown")}:contains('Look the payment up')`,
            content: "What has happened, and what mends it",
        },
        {
            trigger: `${cause("Payment unknown")}:not(:has(button:contains('Retry All')))`,
            content: "It is not tried again for all",
        },
        {trigger: ".o_data_row button[name=action_settle_paid]", run: "click"},
        {
            trigger: ".modal .o_field_widget[name=reference]:contains('-1')",
            content: "What to look for at the provider",
        },
        {
            trigger: ".modal .o_field_widget[name=remark] textarea",
            run: "edit In the provider's list, no. 4711",
        },
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {
            trigger:
                "body:not(:has(.modal)) .o_view_nocontent:contains('Nothing is held')",
            content: "The contract goes on",
        },
    ],
});

// What was declined is tried again, all at once.
addTour("subscription_retry_all", {
    url: "/odoo/subscriptions-held",
    steps: () => [
        {
            trigger: `${cause("Payment declined")} button:contains('Retry All')`,
            run: "click",
        },
        {trigger: ".modal .modal-footer button:contains('Retry All')", run: "click"},
        {
            trigger:
                ".modal .o_data_row td[name=message]:contains('charged in the next minutes')",
            content: "What came of each contract",
        },
        {trigger: ".modal .modal-footer button:contains('Close')", run: "click"},
        {trigger: `body:not(:has(.modal)) ${cause("Payment declined")}`},
    ],
});

// The steps of a dunning policy are edited in their list.
addTour("subscription_dunning_policy", {
    url: "/odoo/subscription-dunning-policies",
    steps: () => [
        {
            trigger: ".o_data_row td[name=name]:contains('Three more tries')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=step_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name=days] input",
            run: "edit 10",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name=activity_summary] input",
            run: "edit Call once more",
        },
        {trigger: ".o_form_button_save:visible", run: "click"},
        {trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))"},
        {
            trigger:
                ".o_data_row:has(td[name=days]:contains('10')) td[name=activity_summary]:contains('Call once more')",
        },
    ],
});
