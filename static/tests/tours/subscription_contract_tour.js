import {addTour} from "@subscriptions/../tests/tours/add_tour";
// A salesperson's way from an empty list to a contract that has invoiced itself.
addTour("subscription_contract", {
    url: "/odoo/subscription-quotations",
    steps: () => [
        {trigger: ".o_list_button_add", content: "Create a quotation", run: "click"},
        {
            trigger: ".o_field_widget[name=partner_id] input",
            content: "Choose the customer",
            run: "edit Ada Example",
        },
        {
            trigger: ".ui-menu-item > a:contains('Ada Example')",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=plan_id] input",
            content: "The plan is proposed",
            run() {
                if (this.anchor.value !== "Monthly") {
                    throw new Error(`The plan is "${this.anchor.value}"`);
                }
            },
        },
        {
            trigger: ".o_field_x2many_list_row_add a",
            content: "Add a product",
            run: "click",
        },
        {
            trigger:
                ".o_field_widget[name=product_template_id] input, .o_field_widget[name=product_id] input",
            run: "edit Tour Seat",
        },
        {trigger: ".ui-menu-item a:contains('Tour Seat')", run: "click"},
        {
            trigger:
                ".o_data_row .o_field_widget[name=price_unit] input, .o_data_row td[name=price_unit]:contains('35.00')",
            content: "It costs what the plan says",
        },
        {
            trigger:
                ".o_subtotal:contains('35.00'), .oe_subtotal_footer:contains('35.00'), .o_tax_total:contains('35.00')",
        },
        {trigger: "button[name=action_confirm]", content: "Confirm", run: "click"},
        {
            trigger:
                ".o_statusbar_status .o_arrow_button_current:contains('In Progress')",
            content: "The contract runs",
        },
        {
            trigger:
                "button[name=action_view_subscription_periods]:contains('Periods')",
            content: "Its first period is billed",
            run: "click",
        },
        {trigger: ".o_data_row td[name=state]:contains('Billed')"},
        {trigger: ".o_breadcrumb .o_back_button", run: "click"},
        {trigger: "button[name=action_create_subscription_invoice]"},
    ],
});

// An accountant mends the cause of a hold and releases the contract.
addTour("subscription_release_hold", {
    url: "/odoo/subscriptions-held",
    steps: () => [
        {
            trigger:
                ".o_group_header:contains('Billing error'):contains('then release')",
            content: "The cause says what mends it",
        },
        {
            trigger: ".o_data_row td[name=hold_reason]:contains('is archived')",
            content: "The reason stands in the list",
        },
        {trigger: ".o_data_row td[name=partner_id]", run: "click"},
        {trigger: ".alert:contains('is archived')", content: "And on the contract"},
        {trigger: "button[name=action_release_hold]", run: "click"},
        {trigger: ".o_form_view:not(:has(.alert:contains('is archived')))"},
        {trigger: "button[name=action_create_subscription_invoice]"},
    ],
});
