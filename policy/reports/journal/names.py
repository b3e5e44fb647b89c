"""What the kinds of events, and the money in them, are called.

In: nothing. Out: words for every kind of event, and for every amount in it that moved. Absent: what the
rules call things (see `glossary`); these are the engines' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from policy.answers import BilingualText

_EXCHANGE = {
    "command_invalid": ("invalid command", "無效指令"),
    "command_repeated": ("command repeated", "重複指令"),
    "instrument_listed": ("token listed", "代幣上架"),
    "platform_admitted": ("platform admitted", "平台獲接納"),
    "participant_admitted": ("participant admitted", "參與者獲接納"),
    "answered": ("question about admission answered", "就接納資格作出決定"),
    "money_deposited": ("money brought in", "存入款項"),
    "tokens_deposited": ("tokens brought in", "存入代幣"),
    "money_withdrawn": ("money taken out", "提取款項"),
    "tokens_withdrawn": ("tokens taken out", "提取代幣"),
    "settlement_arranged": ("settlement arrangement judged", "評定交收安排"),
    "order_accepted": ("order accepted", "接納買賣盤"),
    "order_rejected": ("order rejected", "拒絕買賣盤"),
    "traded": ("trade", "成交"),
    "fees_waived": ("fees beyond a seller's proceeds waived", "豁免超出賣方所得的費用"),
    "trade_rejected": ("trade rejected", "拒絕成交"),
    "order_cancelled": ("order cancelled", "取消買賣盤"),
    "order_decremented": ("order reduced by the client's own", "買賣盤因客戶自身買賣盤減少"),
    "order_replaced": ("order replaced", "更改買賣盤"),
    "replace_rejected": ("replacement of an order rejected", "拒絕更改買賣盤"),
    "order_expelled": ("order expelled from the book", "買賣盤被移除"),
    "settled": ("settlement", "交收"),
    "settlement_failed": ("settlement failed", "交收失敗"),
    "loss_covered": ("loss after a failed settlement", "交收失敗所致損失"),
    "platform_stopped": ("platform stopped", "平台停止參與"),
    "platform_recovered": ("platform back", "平台恢復參與"),
}
_LENDER = {
    "lender_judged": ("lender judged", "評定貸款人"),
    "collateral_listed": ("collateral listed", "列入抵押品"),
    "margin_account_opened": ("margin account opened", "開立保證金帳戶"),
    "collateral_posted": ("collateral posted", "存入抵押品"),
    "collateral_released": ("collateral released", "發還抵押品"),
    "collateral_not_released": ("release of collateral rejected", "拒絕發還抵押品"),
    "asset_priced": ("asset priced", "資產定價"),
    "asset_unpriced": ("asset without a price", "資產無價"),
    "loan_advanced": ("loan advanced", "墊付貸款"),
    "advance_rejected": ("advance rejected", "拒絕墊付"),
    "loan_repaid": ("loan repaid", "償還貸款"),
    "margin_called": ("margin called", "追繳保證金"),
    "call_undecided": ("call undecided", "未能決定是否追繳"),
    "call_met": ("call met", "已履行追繳"),
    "call_overdue": ("call past its time", "追繳逾期"),
    "advances_stopped": ("advances stopped", "停止墊付"),
    "advances_resumed": ("advances resumed", "恢復墊付"),
    "collateral_sold": ("collateral sold", "變現抵押品"),
    "sale_ended": ("forced sale ended", "強制變現結束"),
    "loan_uncovered": ("loan left uncovered", "貸款未獲清償"),
    "sale_undecided": ("forced sale undecided", "未能決定是否變現"),
    "sale_halted": ("forced sale halted", "強制變現中止"),
    "book_judged": ("loan book judged", "評定貸款組合"),
    "account_stated": ("account stated", "帳戶結單"),
}
_PERPETUALS = {
    "perpetual_listed": ("contract listed", "合約上架"),
    "perpetual_not_listed": ("contract not listed", "合約不獲上架"),
    "perpetual_account_opened": ("perpetuals account opened", "開立永續合約帳戶"),
    "margin_deposited": ("margin brought in", "存入保證金"),
    "deposit_rejected": ("asset rejected as margin", "拒收作保證金"),
    "margin_withdrawn": ("margin paid out", "提取保證金"),
    "margin_posted": ("margin posted", "撥作保證金"),
    "margin_released": ("margin released", "釋出保證金"),
    "release_rejected": ("release of margin rejected", "拒絕釋出保證金"),
    "fund_topped_up": ("insurance fund topped up", "注資保險基金"),
    "perpetual_accepted": ("contract order accepted", "接納合約買賣盤"),
    "perpetual_rejected": ("contract order rejected", "拒絕合約買賣盤"),
    "perpetual_replaced": ("contract order replaced", "更改合約買賣盤"),
    "perpetual_replace_rejected": ("replacement of a contract order rejected", "拒絕更改合約買賣盤"),
    "reduce_only_cut": ("reduce-only order cut to the position", "只減倉買賣盤按持倉縮減"),
    "perpetual_traded": ("contract trade", "合約成交"),
    "profit_realised": ("profit realised", "動用持倉盈利"),
    "perpetual_cancelled": ("contract order cancelled", "取消合約買賣盤"),
    "perpetual_decremented": (
        "contract order reduced by one of the same client group",
        "合約買賣盤因同一客戶集團的買賣盤減少",
    ),
    "perpetual_expelled": ("contract order expelled from the book", "合約買賣盤被移除"),
    "marked": ("contract marked", "標記價格更新"),
    "index_unavailable": ("index without a price", "指數無價"),
    "premium_sampled": ("premium sampled", "溢價取樣"),
    "funding_paid": ("funding paid or received", "支付或收取資金費"),
    "funding_settled": ("funding settled", "資金費結算"),
    "funding_not_settled": ("funding not settled", "資金費未能結算"),
    "liquidation_begun": ("liquidation begun", "強制平倉開始"),
    "liquidation_undecided": ("liquidation undecided", "未能決定是否強制平倉"),
    "liquidation_step": ("step of a liquidation", "強制平倉步驟"),
    "closed_against_own": ("position closed against the group's own", "與集團自身持倉對銷"),
    "deleveraged": ("position deleveraged", "自動減倉"),
    "fund_drawdown": ("drawdown of the insurance fund", "基金承擔損失"),
    "liquidation_ended": ("liquidation ended", "強制平倉結束"),
    "unanswered": ("question without an answer", "未獲解答的提問"),
    "bucket_stated": ("margin stated", "保證金結單"),
}
_MONEY = {
    "amount": ("amount", "金額"),
    "money": ("reserved", "預留款項"),
    "value": ("value", "價值"),
    "buyer_fees": ("buyers' fees", "買方費用"),
    "seller_fees": ("sellers' fees", "賣方費用"),
    "gross": ("gross", "總額"),
    "net": ("net", "淨額"),
    "loss": ("loss", "損失"),
    "from_reserve_fund": ("from the reserve fund", "由儲備金支付"),
    "from_compensation": ("from compensation", "由補償安排支付"),
    "uncovered": ("uncovered", "未獲補償"),
    "proceeds": ("proceeds", "所得款項"),
    "repaid": ("repaid", "償還"),
    "returned": ("returned to clients", "退回客戶"),
    "shortfall": ("shortfall", "欠額"),
    "buyer_realised": ("buyers' realised result", "買方已實現盈虧"),
    "seller_realised": ("sellers' realised result", "賣方已實現盈虧"),
    "buyer_fee": ("buyers' fees", "買方費用"),
    "seller_fee": ("sellers' fees", "賣方費用"),
    "payment": ("paid less received", "支付減收取"),
    "paid": ("paid", "支付"),
    "closed": ("closed", "平倉"),
    "fee": ("fees", "費用"),
    "realised": ("realised result", "已實現盈虧"),
    "other_realised": ("realised by the other side", "對手已實現盈虧"),
    "from_fund": ("from the fund", "由基金支付"),
}


def _words(of: Mapping[str, tuple[str, str]]) -> Mapping[str, BilingualText]:
    return MappingProxyType({name: BilingualText(*both) for name, both in of.items()})


EVENTS = _words(
    {name: (en[0].upper() + en[1:], zh) for name, (en, zh) in (_EXCHANGE | _LENDER | _PERPETUALS).items()}
)
MONEY = _words(_MONEY)
OF_THE_EXCHANGE = frozenset(_EXCHANGE) - {"command_invalid", "command_repeated"}
OF_MARGIN = frozenset(_LENDER) | frozenset(_PERPETUALS)
