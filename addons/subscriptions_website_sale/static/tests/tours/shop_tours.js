import {addTour} from "@subscriptions/../tests/tours/add_tour";
import {
    addToCart,
    choosePlan,
    goOn,
    goTo,
    order,
    seeContracts,
    seeDue,
} from "./shop_steps";

// Begin on the page of a product; the tests name it.

addTour("subscriptions_shop_guest", {
    steps: () => [
        {
            content: "A trial is named",
            trigger: '.o_subscription_plan:contains("14 days free")',
        },
        ...addToCart(),
        ...goTo("/shop/cart"),
        ...seeDue("0.00"),
        ...goOn(),
        {
            content: "Sign up",
            trigger: '.oe_signup_form input[name="login"]',
            run: "edit guest@example.com",
        },
        {trigger: '.oe_signup_form input[name="name"]', run: "edit Gus Guest"},
        {trigger: '.oe_signup_form input[name="password"]', run: "edit guest-secret-1"},
        {
            trigger: '.oe_signup_form input[name="confirm_password"]',
            run: "edit guest-secret-1",
        },
        {
            trigger: '.oe_signup_form button[type="submit"]',
            run: "click",
            expectUnloadPage: true,
        },
        ...goOn(),
        ...order({card: "4242"}),
        ...seeContracts("Try It"),
    ],
});

addTour("subscriptions_shop_two_plans", {
    steps: () => [
        ...choosePlan("By the Year", "108.00"),
        ...addToCart(),
        ...choosePlan("By the Month", "10.00"),
        ...addToCart(),
        ...goTo("/shop/cart"),
        ...seeDue("368.00"),
        ...goOn(), // services: the address is known, and nothing is delivered
        ...order(),
        ...seeContracts("By the Year", "By the Month"),
    ],
});

addTour("subscriptions_shop_change_plan", {
    steps: () => [
        ...addToCart(),
        ...goTo("/shop/cart"),
        ...seeDue("10.00"),
        {
            content: "Take the year instead",
            trigger: ".o_subscription_cart_plan select",
            run: "selectByLabel By the Year: $ 108.00 / year",
        },
        ...seeDue("108.00"),
        {
            content: "It recurs by the year",
            trigger: '.o_subscription_summary:contains("Every year")',
        },
        {
            content: "The line has its price, and another can be taken",
            trigger: '.o_cart_product:contains("every year") select',
        },
        {content: "One more", trigger: ".css_quantity a:has(.oi-plus)", run: "click"},
        ...seeDue("216.00"),
    ],
});

addTour("subscriptions_shop_variant", {
    steps: () => [
        {
            content: "The small one costs ten",
            trigger: '.product_price .oe_currency_value:contains("10.00")',
        },
        {
            content: "Choose the large one",
            trigger: '.js_main_product label:contains("Large") input',
            run: "click",
        },
        {
            content: "It has a price of its own with the plan",
            trigger: '.o_subscription_plan:contains("15.00")',
        },
        ...addToCart(),
        ...goTo("/shop/cart"),
        ...seeDue("15.00"),
    ],
});

addTour("subscriptions_shop_zero_price", {
    steps: () => [
        {
            content: "What has no sales price costs what its plan does",
            trigger: '.product_price .oe_currency_value:contains("20.00")',
        },
        ...addToCart(),
        ...goTo("/shop/cart"),
        {
            content: "It stands in the cart",
            trigger: '.o_cart_product:contains("20.00"):contains("every month")',
        },
    ],
});

addTour("subscriptions_shop_redirect", {
    steps: () => [
        ...addToCart(),
        ...goTo("/shop/cart"),
        ...goOn(), // services: the address is known, and nothing is delivered
        {
            content: "Choose the provider",
            trigger: 'input[name="o_payment_radio"]',
            run: "click",
        },
        {
            content: "Order; the provider has a page of its own",
            trigger: 'button[name="o_payment_submit_button"]:enabled',
            run: "click",
            expectUnloadPage: true,
        },
        ...seeContracts("By the Month"),
    ],
});

addTour("subscriptions_shop_options", {
    steps: () => [
        ...choosePlan("By the Year", "108.00"),
        {content: "Add it", trigger: "#add_to_cart:not(.disabled)", run: "click"},
        {
            content: "The option has the price of the plan",
            trigger:
                '.modal .o_sale_product_configurator_table_optional:contains("30.00")',
        },
        {
            content: "Take it",
            trigger:
                '.modal .o_sale_product_configurator_table_optional button:contains("Add")',
            run: "click",
        },
        {
            content: "Go to the cart",
            trigger:
                '.modal button:contains("Go to Checkout"), .modal button:contains("Proceed to Checkout")',
            run: "click",
            expectUnloadPage: true,
        },
        ...seeDue("138.00"),
    ],
});

/** Buy what the page shows, as it is: with or without delivery, by card or saved method. */
addTour("subscriptions_shop_demo", {
    steps: () => [
        {
            content: "Add it to the cart",
            trigger: "#add_to_cart:not(.disabled)",
            run: "click",
        },
        {
            content: "Leave options out, where there are any",
            trigger:
                '.toast a[href="/shop/cart"], .modal button:contains("Continue Shopping")',
            run() {
                this.anchor.closest(".modal") && this.anchor.click();
            },
        },
        {content: "It is in the cart", trigger: '.toast a[href="/shop/cart"]'},
        ...goTo("/shop/checkout"),
        ...goOn(),
        ...order({card: "4242"}),
        {
            content: "There is a contract",
            trigger: ".o_subscription_bought a",
        },
    ],
});
