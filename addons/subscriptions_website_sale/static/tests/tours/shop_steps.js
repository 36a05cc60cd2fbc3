/** Steps that the tours of the shop share. */

/** Add what the page shows, with a plan or as it is. */
export function addToCart() {
    return [
        {
            content: "Add it to the cart",
            trigger: "#add_to_cart:not(.disabled)",
            run: "click",
        },
        {
            content: "The cart has it, and leads on",
            trigger: '.toast a[href="/shop/cart"]',
        },
    ];
}

export function choosePlan(name, price) {
    return [
        {
            content: `Choose ${name}`,
            trigger: `.o_subscription_plan:contains("${name}") input`,
            run: "click",
        },
        {
            content: "The page shows the price of the plan",
            trigger: `.product_price .oe_currency_value:contains("${price}")`,
        },
        {
            content: "The plan is marked",
            trigger: `.o_subscription_plan_chosen:contains("${name}")`,
        },
    ];
}

export function goTo(url) {
    return [
        {
            content: `Go to ${url}`,
            trigger: "body",
            run() {
                window.location.href = url;
            },
            expectUnloadPage: true,
        },
    ];
}

export function seeDue(amount) {
    return [
        {
            content: `${amount} is due today`,
            trigger: `tr[name="o_order_total"]:contains("Due today"):contains("${amount}")`,
        },
    ];
}

export function goOn() {
    return [
        {
            content: "Go on",
            trigger: 'a[name="website_sale_main_button"]:not(.disabled)',
            run: "click",
            expectUnloadPage: true,
        },
    ];
}

/** Order with what is chosen, or with a card that is typed. */
export function order({card} = {}) {
    const typed = [
        {
            content: "Choose the provider",
            trigger:
                'input[name="o_payment_radio"][data-payment-option-type="payment_method"]',
            run: "click",
        },
        {
            content: "Type a card",
            trigger: 'input[name="customer_input"]',
            run: `edit ${card}`,
        },
    ];
    return [
        {
            content: "It is told how it renews and ends",
            trigger: '.o_subscription_terms:contains("until you cancel it")',
        },
        ...(card ? typed : []),
        {
            content: "Order",
            trigger:
                'button[name="o_payment_submit_button"]:contains("Order with obligation to pay"):enabled',
            run: "click",
            expectUnloadPage: true,
        },
    ];
}

export function seeContracts(...plans) {
    return [
        ...plans.map((plan) => ({
            content: `There is a contract with ${plan}`,
            trigger: `.o_subscription_bought a:contains("${plan}")`,
        })),
        {
            content: "And no other",
            trigger: `.o_subscription_bought .list-group:not(:has(a:nth-child(${
                plans.length + 1
            })))`,
        },
    ];
}
