import {addTour} from "@subscriptions/../tests/tours/add_tour";
import {
    CONTRACT,
    accept,
    enterCard,
    follow,
    page,
    remember,
    see,
    seeRemembered,
    sign,
} from "@subscriptions/../tests/tours/portal_steps";
const QUANTITY = "tr:has(:contains('Coffee')) .js_quantity";

addTour("portal_quotation_paid", {
    steps: () => [
        page(".o_portal_sale_sidebar"),
        see("[name=totals_apart]", "60.00"),
        {
            trigger: QUANTITY,
            content: "Take the option",
            run: "edit 2 && press Enter",
            expectUnloadPage: true,
        },
        page(".o_portal_sale_sidebar"),
        see("table[name=totals_apart]", "180.00"),
        ...accept("Sign & Pay"),
        see(".modal.show [name=contract_acceptance]", "180.00"),
        ...sign(),
        see(".alert", "signed"),
        remember(".o_portal_sale_sidebar h2:contains('180.00')"),
        // The page opens the dialog by itself.
        seeRemembered(".modal.show [name=contract_acceptance]"),
        ...enterCard(),
        see(CONTRACT, "Coffee"),
        see("[name=paid_alert]", "Thank you!"),
        see("[name=payment_method]", "9876"),
    ],
});

addTour("portal_quotation_signed", {
    steps: () => [
        ...accept("Accept & Sign"),
        ...sign(),
        see(".alert-success", "Your contract is confirmed."),
        see(CONTRACT, "Seat"),
    ],
});

addTour("portal_quotation_trial", {
    steps: () => [
        ...accept("Accept & Save Payment Method"),
        see(".modal.show [name=contract_acceptance]", "Nothing is due now."),
        ...enterCard(),
        see(CONTRACT, "Free until"),
        see("[name=payment_method]", "9876"),
    ],
});

addTour("portal_quotation_redirect", {
    steps: () => [
        ...accept("Accept & Pay"),
        page("#o_payment_form input[name=o_payment_radio]:checked:not(:visible)"),
        follow("#o_payment_form button[name=o_payment_submit_button]:enabled"),
        // Back from the bank, which has not answered yet, and then does.
        {trigger: "[name=o_payment_status]", expectUnloadPage: true},
        see(CONTRACT, "Seat"),
        see("[name=payment_method]", "4321"),
    ],
});
