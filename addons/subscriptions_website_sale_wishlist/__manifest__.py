{
    "name": "Subscriptions Web Shop Wishlist",
    "summary": "Wishlists say how often the price of a subscription is due",
    "version": "19.0.1.0.0",
    "category": "Website/Website",
    "license": "LGPL-3",
    "author": "Subscriptions contributors",
    "website": "https://example.com/subscriptions",
    "depends": [
        "subscriptions_website_sale",
        "website_sale_wishlist",
    ],
    "data": [
        "views/wishlist_templates.xml",
    ],
    "auto_install": True,
}
