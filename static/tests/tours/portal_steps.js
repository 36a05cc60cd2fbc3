// Steps that the tours of customers share. They wait for what they need, and never for time.

/** Look for something; `text` is what it has to say. */
export function see(trigger, text) {
    return {trigger: text ? `${trigger}:contains("${text}")` : trigger};
}

export function click(trigger) {
    return {trigger, run: "click"};
}

/** Click on what leads to another page. */
export function follow(trigger) {
    return {trigger, run: "click", expectUnloadPage: true};
}

/** Type into a field, or choose in it. */
export function type(trigger, text) {
    return {trigger, run: `edit ${text}`};
}

/** Wait for a page whose script runs: what is typed before is not noticed. */
export function page(trigger) {
    return {trigger: `body[is-ready=true] ${trigger}`};
}

export const FORM = ".o_subscription_self_service";
export const NOTICE = "[name=notice]";
export const CONTRACT = "#contract_content";

/** On the contract's page, choose something that can be done. */
export function act(action) {
    return [follow(`nav[name=actions] a[name=${action}]`), page(FORM)];
}

/** On an action's page, press the button that does it. */
export function confirm(label) {
    return follow(`${FORM} button[name=confirm]:enabled:contains("${label}")`);
}

/** Wait for the line of a product on a form with quantities. */
export function quantity(product) {
    return `${FORM} .row:has(label:contains("${product}")) input[type=number]`;
}

/** Press the button beside a quantity. */
export function oneMore(product) {
    return click(
        `${FORM} .row:has(label:contains("${product}")) button[data-step="1"]`
    );
}

export function oneLess(product) {
    return click(
        `${FORM} .row:has(label:contains("${product}")) button[data-step="-1"]`
    );
}

/** Keep an amount that a page promises: another page is to ask for the same. */
export function remember(trigger) {
    return {
        trigger,
        run() {
            const [amount] = this.anchor.textContent.match(/[\d,]+\.\d\d/);
            sessionStorage.setItem("promised", amount);
        },
    };
}

export function seeRemembered(trigger) {
    return {
        trigger,
        run() {
            const promised = sessionStorage.getItem("promised");
            if (!this.anchor.textContent.includes(promised)) {
                throw new Error(`${promised} was promised`);
            }
        },
    };
}

/** Give a new card to Odoo's form; the demonstration provider answers with the state. */
export function enterCard(state = "done") {
    return [
        page("#o_payment_form #customer_input"),
        type("#o_payment_form #customer_input", "9876"),
        {
            trigger: "#o_payment_form select#simulated_payment_state",
            run: `select ${state}`,
        },
        follow("#o_payment_form button[name=o_payment_submit_button]:enabled"),
    ];
}

/** The same, where others are saved already: those are offered first. */
export function enterAnotherCard(state) {
    return [
        page("#o_payment_form"),
        click("#o_payment_form button[name=o_payment_expand_button]"),
        click("#o_payment_methods input[name=o_payment_radio]"),
        ...enterCard(state),
    ];
}

/** Pay with the method that is saved already. */
export function payWithSaved() {
    return [
        page(
            "#o_payment_form input[name=o_payment_radio][data-payment-option-type=token]:checked"
        ),
        follow("#o_payment_form button[name=o_payment_submit_button]:enabled"),
    ];
}

/** Open the dialog of a quotation's page by its button. */
export function accept(label) {
    return [
        page(".o_portal_sale_sidebar"),
        click(`#sale_order_sidebar_button a:contains("${label}")`),
    ];
}

/** Sign with the name that is there. */
export function sign() {
    return [
        see(".modal.show .o_web_sign_name_and_signature input:value(Ada Example)"),
        {trigger: ".modal.show canvas.o_web_sign_signature", run: "canvasNotEmpty"},
        follow(".modal.show .o_portal_sign_submit:enabled"),
    ];
}
