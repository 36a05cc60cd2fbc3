import {addTour} from "@subscriptions/../tests/tours/add_tour";
const running = ".o_statusbar_status .o_arrow_button_current:contains('In Progress')";

// From the contract to an upsell, and back.
addTour("subscription_upsell", {
    steps: () => [
        {trigger: running},
        {trigger: "button[name=action_upsell]", content: "Sell more", run: "click"},
        {trigger: ".alert:contains('becomes a part of contract')"},
        {
            trigger: ".o_form_label:contains('Counts From')",
            content: "It says from when on it counts",
        },
        {trigger: ".o_data_row td[name=product_uom_qty]", run: "click"},
        {
            trigger: ".o_data_row .o_field_widget[name=product_uom_qty] input",
            content: "Two more",
            run: "edit 2",
        },
        {trigger: "button[name=action_confirm]", content: "Confirm", run: "click"},
        {trigger: ".alert:contains('This upsell is a part of contract')"},
        {
            trigger: ".alert .o_field_widget[name=parent_order_id] a",
            content: "Back to the contract",
            run: "click",
        },
        {
            trigger: ".o_data_row td[name=product_uom_qty]:contains('3.00')",
            content: "It has them",
        },
        {trigger: "button[name=action_view_family]:contains('Linked Orders')"},
        {
            trigger: "button[name=action_view_changes]:contains('Changes')",
            run: "click",
        },
        {trigger: ".o_data_row td[name=state]:contains('Done')"},
    ],
});

addTour("subscription_pause", {
    steps: () => [
        {trigger: running},
        {
            trigger: ".o_statusbar_buttons button:contains('Pause')",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit Shop is rebuilt",
        },
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Paused')",
        },
        {trigger: "body:not(:has(.modal)) button[name=action_resume]", run: "click"},
        {trigger: running},
    ],
});

addTour("subscription_change", {
    steps: () => [
        {trigger: running},
        {
            trigger: ".o_statusbar_buttons button:contains('Quantities')",
            run: "click",
        },
        {trigger: ".modal .o_data_row td[name=quantity]", run: "click"},
        {
            trigger: ".modal .o_data_row .o_field_widget[name=quantity] input",
            run: "edit 4",
        },
        {trigger: ".modal .o_radio_input[data-value=now]", run: "click"},
        {
            trigger: ".modal .o_field_widget[name=charged]:contains('105.00')",
            content: "The whole first day's period, three more of them",
        },
        {
            trigger: ".modal .o_radio_input[data-value=next_period]",
            content: "Rather from the next period on",
            run: "click",
        },
        {
            trigger:
                ".modal:not(:has(.o_field_widget[name=charged])) .o_field_widget[name=next_amount]:contains('140.00')",
        },
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {
            trigger:
                "body:not(:has(.modal)) .o_notebook_headers a:contains('Scheduled Changes')",
            content: "It is planned",
            run: "click",
        },
        {
            trigger: "td[name=summary]:contains('1 → 4')",
        },
        {
            trigger:
                "body:not(:has(.modal)) .o_statusbar_buttons button:contains('Plan')",
            run: "click",
        },
        {trigger: ".modal .o_field_widget[name=plan_id] input", run: "edit Yearly"},
        {trigger: ".ui-menu-item > a:contains('Yearly')", run: "click"},
        {
            trigger: ".modal .o_data_row td[name=price]",
            content: "The prices are those of the plan, or typed",
            run: "click",
        },
        {
            trigger: ".modal .o_data_row .o_field_widget[name=price] input",
            run: "edit 333",
        },
        {trigger: ".modal .o_field_widget[name=reason] input", run: "edit Cheaper"},
        {trigger: ".modal td[name=note]:contains('Typed')"},
        {trigger: ".modal .o_field_widget[name=next_amount]:contains('1,332.00')"},
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {
            trigger:
                "body:not(:has(.modal)) .o_data_row:has(td[name=summary]:contains('1 → 4')) button[name=action_revoke]",
            content: "The quantities are not to change after all",
            run: "click",
        },
        {trigger: ".modal .btn-primary:contains('Ok')", run: "click"},
        {
            trigger:
                "body:not(:has(.modal)) div[name=scheduled_change_ids]:not(:has(td:contains('1 → 4')))",
        },
    ],
});

addTour("subscription_close", {
    steps: () => [
        {trigger: running},
        {trigger: ".o_statusbar_buttons button:contains('Close')", run: "click"},
        {
            trigger: ".modal .o_field_widget[name=reason_id] input",
            run: "edit Too expensive",
        },
        {trigger: ".ui-menu-item > a:contains('Too expensive')", run: "click"},
        {trigger: ".modal .o_field_widget[name=last_day]"},
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {
            trigger: "body:not(:has(.modal)) .alert:contains('Too expensive')",
            content: "The contract says when it ends and why",
        },
        {trigger: ".alert button[name=action_revoke_close]", run: "click"},
        {trigger: ".o_form_view:not(:has(.alert:contains('Too expensive')))"},
        {trigger: ".o_statusbar_buttons button:contains('Close')"},
    ],
});

// What was refused is listed beside what was done.
addTour("subscription_mass", {
    steps: () => [
        {
            trigger: ".o_searchview_facet:contains('In Progress') .o_facet_remove",
            run: "click",
        },
        {
            trigger:
                ".o_list_view:has(.o_data_row td[name=subscription_state]:contains('Paused')) .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_control_panel button:contains('Pause')",
            run: "click",
        },
        {trigger: ".modal button[name=action_apply]", run: "click"},
        {trigger: ".modal td[name=state]:contains('Done')"},
        {
            trigger:
                ".modal .o_data_row:has(td[name=state]:contains('Refused')) td[name=message]:contains('cannot become')",
        },
        {
            trigger:
                ".modal .o_data_row:has(td[name=state]:contains('Refused')) button[name=action_open]",
            content: "Each is one click away",
            run: "click",
        },
        {trigger: "body:not(:has(.modal)) button[name=action_resume]"},
    ],
});
