"""The project of the sandbox, as it was when most of its branches forked: path to text.

Its tests need nothing but python; every one waits for SHOP_PACE seconds, so that there is something to watch.
"""

from collections.abc import Mapping

RETEST = "python3 -B -m unittest discover -v -s tests -t ."
"""Run in a checkout's root; reads SHOP_PACE from the environment (seconds per test, 0.05 when unset)."""

SHOP: Mapping[str, str] = {
    "README.md": """\
# shop

Pens, ink and paper.
""",
    "shop/__init__.py": '''\
"""A small shop."""
''',
    "shop/catalog.py": '''\
"""What the shop sells."""

PRODUCTS = {
    "pen": "Fountain pen",
    "ink": "Bottle of ink",
    "pad": "Writing pad",
}


def name_of(sku):
    if sku not in PRODUCTS:
        raise LookupError(f"no such product: {sku}")
    return PRODUCTS[sku]
''',
    "shop/pricing.py": '''\
"""What one of each product costs, in cents."""

CENTS = {
    "pen": 2450,
    "ink": 900,
    "pad": 475,
}


def price_of(sku):
    return CENTS[sku]
''',
    "shop/money.py": '''\
"""Cents, as people read them."""


def euros(cents):
    return f"{cents // 100}.{cents % 100:02d} EUR"
''',
    "shop/cart.py": '''\
"""Products, and how many of each."""

from shop.pricing import price_of


class Cart:
    def __init__(self):
        self.quantities = {}

    def add(self, sku, quantity=1):
        if quantity < 1:
            raise ValueError(f"at least 1, not {quantity}")
        self.quantities[sku] = self.quantities.get(sku, 0) + quantity

    def remove(self, sku):
        del self.quantities[sku]

    def lines(self):
        return [(sku, n, n * price_of(sku)) for sku, n in self.quantities.items()]

    def count(self):
        return sum(self.quantities.values())
''',
    "shop/stock.py": '''\
"""What is left on the shelves."""


class Stock:
    def __init__(self, **levels):
        self.levels = levels

    def take(self, sku, quantity):
        if quantity > self.levels.get(sku, 0):
            raise ValueError(f"only {self.levels.get(sku, 0)} of {sku} left")
        self.levels[sku] -= quantity
''',
    "shop/vat.py": '''\
"""Value-added tax."""

PERCENT = 20


def with_vat(cents):
    return cents + cents * PERCENT // 100
''',
    "shop/checkout.py": '''\
"""From a full cart to a receipt."""

from shop.money import euros
from shop.vat import with_vat


def check_out(cart, stock):
    if not cart.quantities:
        raise ValueError("the cart is empty")
    for sku, quantity in cart.quantities.items():
        stock.take(sku, quantity)
    return receipt(cart)


def receipt(cart):
    lines = cart.lines()
    due = with_vat(sum(cents for _, _, cents in lines))
    printed = [f"{n} x {sku}: {euros(cents)}" for sku, n, cents in lines]
    return "\\n".join([*printed, f"to pay: {euros(due)}"])
''',
    "tests/__init__.py": """\
import os
import time
import unittest

PACE = float(os.environ.get("SHOP_PACE", "0.05"))


class ShopTest(unittest.TestCase):
    def setUp(self):
        time.sleep(PACE)
""",
    "tests/test_catalog.py": """\
from shop.catalog import PRODUCTS, name_of
from shop.pricing import CENTS
from tests import ShopTest


class Catalog(ShopTest):
    def test_a_product_has_a_name(self):
        self.assertEqual(name_of("pen"), "Fountain pen")

    def test_an_unknown_product_is_named(self):
        with self.assertRaisesRegex(LookupError, "sofa"):
            name_of("sofa")

    def test_every_product_has_a_price(self):
        self.assertEqual(set(PRODUCTS), set(CENTS))
""",
    "tests/test_pricing.py": """\
from shop.pricing import price_of
from tests import ShopTest


class Pricing(ShopTest):
    def test_a_pen_is_dear(self):
        self.assertEqual(price_of("pen"), 2450)

    def test_an_unknown_product_has_no_price(self):
        self.assertRaises(KeyError, price_of, "sofa")
""",
    "tests/test_money.py": """\
from shop.money import euros
from tests import ShopTest


class Money(ShopTest):
    def test_cents_follow_the_point(self):
        self.assertEqual(euros(2450), "24.50 EUR")

    def test_a_few_cents_keep_their_zero(self):
        self.assertEqual(euros(7), "0.07 EUR")

    def test_nothing_is_zero(self):
        self.assertEqual(euros(0), "0.00 EUR")
""",
    "tests/test_cart.py": """\
from shop.cart import Cart
from tests import ShopTest


class Carts(ShopTest):
    def setUp(self):
        super().setUp()
        self.cart = Cart()

    def test_a_new_cart_is_empty(self):
        self.assertEqual(self.cart.count(), 0)

    def test_the_same_product_adds_up(self):
        self.cart.add("ink")
        self.cart.add("ink", 2)
        self.assertEqual(self.cart.count(), 3)

    def test_none_cannot_be_added(self):
        self.assertRaises(ValueError, self.cart.add, "ink", 0)

    def test_what_is_removed_is_gone(self):
        self.cart.add("pad")
        self.cart.remove("pad")
        self.assertEqual(self.cart.lines(), [])

    def test_a_line_costs_price_times_quantity(self):
        self.cart.add("pad", 2)
        self.assertEqual(self.cart.lines(), [("pad", 2, 950)])
""",
    "tests/test_stock.py": """\
from shop.stock import Stock
from tests import ShopTest


class Stocks(ShopTest):
    def test_taking_lowers_the_level(self):
        stock = Stock(pen=3)
        stock.take("pen", 2)
        self.assertEqual(stock.levels["pen"], 1)

    def test_the_last_one_can_be_taken(self):
        stock = Stock(pen=1)
        stock.take("pen", 1)
        self.assertEqual(stock.levels["pen"], 0)

    def test_more_than_there_is_cannot_be_taken(self):
        self.assertRaises(ValueError, Stock(pen=1).take, "pen", 2)
""",
    "tests/test_vat.py": """\
from shop.vat import with_vat
from tests import ShopTest


class Vat(ShopTest):
    def test_vat_is_added(self):
        self.assertEqual(with_vat(1000), 1200)

    def test_nothing_stays_nothing(self):
        self.assertEqual(with_vat(0), 0)
""",
    "tests/test_checkout.py": """\
from shop.cart import Cart
from shop.checkout import check_out
from shop.stock import Stock
from tests import ShopTest


class CheckOut(ShopTest):
    def setUp(self):
        super().setUp()
        self.cart = Cart()
        self.cart.add("ink", 2)

    def test_the_receipt_ends_with_what_is_due(self):
        self.assertIn("to pay: 21.60 EUR", check_out(self.cart, Stock(ink=2)))

    def test_the_receipt_has_a_line_per_product(self):
        self.assertIn("2 x ink: 18.00 EUR", check_out(self.cart, Stock(ink=2)))

    def test_what_is_out_of_stock_is_not_sold(self):
        self.assertRaises(ValueError, check_out, self.cart, Stock(ink=1))

    def test_an_empty_cart_is_refused(self):
        self.assertRaises(ValueError, check_out, Cart(), Stock())
""",
}
