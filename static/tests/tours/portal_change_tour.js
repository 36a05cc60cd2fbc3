import {addTour} from "@subscriptions/../tests/tours/add_tour";
import {
    CONTRACT,
    FORM,
    NOTICE,
    act,
    click,
    confirm,
    enterAnotherCard,
    follow,
    oneLess,
    oneMore,
    page,
    payWithSaved,
    quantity,
    remember,
    see,
    seeRemembered,
} from "@subscriptions/../tests/tours/portal_steps";

const moreToPay = () => [
    ...act("change"),
    see(`${quantity("Seat")}:value(2)`),
    oneMore("Seat"),
    see("[name=next_total]", "180.00"),
    remember("[name=charged]"),
    confirm("Continue to payment"),
    // The page opens the dialog by itself.
    seeRemembered(".modal.show [name=contract_acceptance]"),
];

addTour("portal_upgrade_paid", {
    steps: () => [
        ...moreToPay(),
        ...payWithSaved(),
        see("[name=paid_alert]", "Thank you!"),
        see(`${CONTRACT} table[name=recurring]`, "3.00"),
        see("[name=next_invoice]", "180.00"),
    ],
});

addTour("portal_upgrade_declined", {
    steps: () => [...moreToPay(), ...enterAnotherCard("error"), see(".alert-danger")],
});

addTour("portal_upgrade_invoiced", {
    steps: () => [
        ...act("change"),
        oneMore("Seat"),
        see("[name=charged]", "60.00"),
        see("[name=next_total]", "180.00"),
        confirm("Change now"),
        see(NOTICE),
        see(`${CONTRACT} table[name=recurring]`, "3.00"),
        see("#invoices tr[name=invoice]", "60.00"),
    ],
});

addTour("portal_downgrade", {
    steps: () => [
        ...act("change"),
        oneLess("Seat"),
        see("[name=nothing_charged]"),
        see("[name=next_total]", "60.00"),
        confirm("Change now"),
        see(NOTICE),
        see(`${CONTRACT} table[name=recurring]`, "2.00"),
        see("#scheduled_changes", "Seat"),
        see("[name=next_invoice]", "60.00"),
        follow("#scheduled_changes a:contains('Take back')"),
        page(FORM),
        see("[name=next_total]", "120.00"),
        confirm("Take it back"),
        see(NOTICE, "taken back"),
        see("[name=next_invoice]", "120.00"),
    ],
});

addTour("portal_plan", {
    steps: () => [
        ...act("plan"),
        click(`${FORM} label:contains("Every Year")`),
        see("[name=nothing_charged]"),
        see("[name=next_invoice]"),
        confirm("Switch plan"),
        see(NOTICE),
        see("#scheduled_changes", "Every Year"),
    ],
});

addTour("portal_pause", {
    steps: () => [
        ...act("pause"),
        {
            trigger: `${FORM} textarea[name=remark]`,
            run: "edit Back in spring",
        },
        see("[name=effect_notes]", "Nothing is billed"),
        confirm("Pause now"),
        see(NOTICE, "is paused"),
        follow("[name=paused_alert] a:contains('Resume')"),
        page(FORM),
        see("[name=next_total]", "120.00"),
        confirm("Resume now"),
        see(NOTICE, "goes on"),
        see("[name=next_invoice]", "120.00"),
    ],
});

// With a login: from the list, and a day on which it goes on.
addTour("portal_list_pause", {
    steps: () => [
        follow("tr[name=contract] td:first-child a"),
        ...act("pause"),
        {
            trigger: `${FORM} input[name=resume_date]`,
            run() {
                const day = new Date();
                day.setDate(day.getDate() + 40);
                // Odoo's helpers cannot edit an empty one
                this.anchor.valueAsDate = day;
                this.anchor.dispatchEvent(new Event("input", {bubbles: true}));
            },
        },
        see("[name=next_date]"),
        confirm("Pause now"),
        see("[name=paused_alert]", "It resumes on"),
        follow("nav[name=actions] a[name=resume]"),
        page(FORM),
        confirm("Resume now"),
        see(NOTICE, "goes on"),
        follow(".breadcrumb a:contains('Subscriptions')"),
        see("tr[name=contract]", "Running"),
    ],
});
