"""Made-up news in English, Korean and Chinese, for measuring: the same seed writes the same articles.

Words are drawn at random, so that two articles share no more than chance and
the stock phrases that real ones share too.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """The words of a language (pairs of characters, in Chinese), and phrases that everybody uses."""

    name: str
    words: tuple[str, ...]
    stock: tuple[str, ...]
    space: str
    comma: str
    stop: str

    def sentence(self, draw: random.Random) -> str:
        """One sentence of some 12-24 words; every third with a stock phrase, every second with a number."""
        words = draw.choices(self.words, k=draw.randint(12, 20))
        if draw.random() < 1 / 2:
            words[draw.randrange(3, len(words))] = str(draw.choice((3, 7, 12, 40, 85, 130, 640, 1900, 24000)))
        text = self.space.join(words)
        if draw.random() < 1 / 3:
            text = f"{draw.choice(self.stock)}{self.comma}{text}"
        return text[0].upper() + text[1:] + self.stop

    def article(self, draw: random.Random, words: float) -> str:
        """Paragraphs of three sentences, `words` words or a little more."""
        sentences: list[str] = []
        length = 0.0
        while length < words:
            sentences.append(self.sentence(draw))
            length += self.length(sentences[-1])
        starts = range(0, len(sentences), 3)
        return "\n\n".join((self.space or "").join(sentences[at : at + 3]) for at in starts)

    def length(self, text: str) -> float:
        """Words as watcher counts them, near enough: a wide character is half a word."""
        wide = sum(character > "\u2e80" for character in text)
        return wide / 2 if wide else len(text.split())


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ENGLISH = Language(
    name="english",
    words=_words(
        """
        the harbour board two former inspectors retired signalman mayor of Stony Ford divers from navy clerk at
        land registry owner cannery striking tram drivers an auditor sent capital head weather office group
        beekeepers prosecutors in Marrow Bay widow late founder students mining school smuggler turned witness
        ferry company bishop's secretary unnamed envoy customs officers on night shift youngest member council
        engineers dam translator for court savings bank three cousins upper valley editor has quietly withdrawn
        refused to hand over will vote next week was seen burying signed without reading asked ministry explain
        lost track spent crowns is said have copied promised rebuild discovered by accident wants sell denied
        any knowledge had been warned about spoke hour brought archive stopped paying measured once more no
        longer insure took photographs offered complained drew up list could not agree inherited missing minutes
        spring meeting crate forged tax stamps plans second tunnel lighthouse Gull Rock sacks treated grain
        letter unknown old signal bridge every lamp along quay only map flooded galleries debt older than town
        itself metres copper cable licence flights herd half wild ponies court's own seal recipe that made
        brewery famous lorry number plates rails laid before war register pilots collection glass eyes water
        rights river unpaid invoices bell drowned church machine nobody can repair widows' fund shares worth
        behind house eastern mole village Upper hotel near border under grandstand cellar full snow beside
        reservoir last Saturday market room between freight trains outside dentist's window disused canal frozen
        lake front witnesses foot box telephone great flood everybody thought with limp and lisp whom songs tell
        kept seven locks praised king whose name never spoken bought song March left fair storm painted green
        mistake loan fire brigade heavier it looks neither young nor as far coast marked red cross reeking tar
        onions counted twice each winter bigger goose still waiting stamp single mentioned quiet closed mill day
        anywhere
        """
    ),
    stock=(
        "a spokesman said on Monday",
        "according to people familiar with the matter",
        "it was not immediately clear why",
        "who asked not to be named because the talks are private",
        "the local paper reported",
        "as the inquiry heard",
        "in a statement issued late on Friday",
        "after months of delay",
        "for the first time in ten years",
        "officials could not be reached for comment",
        "despite a warning from the auditor",
        "as neighbours remember it",
    ),
    space=" ",
    comma=", ",
    stop=".",
)

KOREAN = Language(
    name="korean",
    words=_words(
        """
        항만공사는 전직 검사관 명은 은퇴한 신호수는 스토니포드 시장은 해군 잠수부들은 등기소 직원은 통조림 공장
        주인은 파업 중인 전차 기사들은 수도에서 감사관은 기상청장은 양봉업자들은 마로만 검찰은 창업자의 부인은
        광산학교 학생들은 증인으로 나선 밀수꾼은 여객선 회사는 주교 비서는 익명의 특사는 야간 세관원들은 최연소
        시의원은 기술자들은 법정 통역사는 저축은행 이사회는 윗마을의 사촌 사람은 편집장은 조용히 거두어들였다
        넘겨주기를 거부했다 다음 표결에 부친다 땅에 묻다가 들켰다 읽지도 않고 서명했다 장관에게 설명을 요구했다
        행방을 놓쳤다 크라운을 들였다 몰래 베낀 것으로 전해졌다 다시 짓겠다고 약속했다 우연히 찾아냈다 팔고 싶어
        한다 전혀 모른다고 말했다 미리 경고를 받았다 시간 동안 이야기했다 기록보관소로 옮겼다 대금을 치르지
        않았다 한번 측정했다 보험을 해지했다 사진으로 남겼다 목록을 작성했다 합의하지 못했다 물려받았다 사라진
        회의록을 위조 인지 상자를 번째 설계도를 갈매기바위 등대를 곡물 자루를 낯선 필체의 편지를 낡은 신호교를
        부두의 모든 등을 물에 잠긴 갱도의 유일한 지도를 마을보다 오래된 빚을 구리선 미터를 비행 면허를 반쯤
        야생인 조랑말 떼를 법원의 직인을 양조장을 유명하게 만든 비법을 번호판 없는 화물차를 전쟁 전에 놓인
        철로를 도선사 명부를 유리 수집품을 강가의 사용권을 밀린 청구서 장을 가라앉은 교회의 종을 아무도 고치는
        기계를 과부 기금을 주식 주를 세관 건물 뒤에서 동쪽 방파제에서 윗마로 마을에서 국경 근처 여관에서 관람석
        아래에서 눈으로 가득 지하실에서 저수지 옆에서 막차 안에서 토요 시장에서 열람실에서 화물열차 사이에서
        치과 창문 밖에서 버려진 운하를 따라 얼어붙은 호수 위에서 증인 앞에서 신호소 전화로 큰물이 나기 전부터
        있던 모두가 잃어버린 알았던 다리를 조금 저는 노래에도 나오는 자물쇠 일곱 개로 잠근 왕이 한때 칭찬한
        이름을 부르지 않는 삼월에 헐값에 장터에서 남은 폭풍 속에서 마지막으로 실수로 초록색을 칠한 소방대에
        빌려준 보기보다 무거운 젊지도 늙지도 않은 바닷가까지 이름난 붉은 십자가가 그려진 타르와 양파 냄새가 나는
        겨울마다 세는 거위보다 크지 아직 도장을 기다리는 증인이 하나도 유언장에 적힌 멈춘 방앗간처럼 조용한
        어디서나 반나절 걸리는
        """
    ),
    stock=(
        "대변인은 월요일 이같이 밝혔으며",
        "이 사안에 밝은 소식통에 따르면",
        "그 까닭은 곧바로 확인되지 않았지만",
        "익명을 요구한 관계자에 따르면",
        "지역 신문 보도에 따르면",
        "청문회에서 드러난 대로",
        "금요일 늦게 낸 성명에서",
        "몇 달을 미룬 끝에",
        "십년 만에 처음으로",
        "당국자와는 연락이 닿지 않은 가운데",
        "감사관의 경고에도 불구하고",
        "이웃들의 기억으로는",
    ),
    space=" ",
    comma=" ",
    stop=".",
)

CHINESE = Language(
    name="chinese",
    words=_words(
        """
        港务 两名 前任 检查 一位 退休 的信 号员 石渡 镇镇 海军 潜水 土地 登记 处的 职员 罐头 厂老 罢工 的电 车司
        首都 派来 的审 计员 气象 台台 一群 养蜂 马罗 湾的 检察 创办 人的 遗孀 矿业 学校 的学 转为 证人 的走 私者
        渡轮 公司 主教 的秘 匿名 特使 夜班 海关 人员 最年 轻的 议员 水坝 工程 法庭 译员 储蓄 银行 董事 上游 山谷
        的三 个表 兄弟 编辑 悄悄 收回 拒绝 交出 下周 将表 被人 看见 掩埋 没有 细读 就签 下了 要求 部长 解释 再也
        找不 花费 克朗 买下 据说 抄录 答应 重建 偶然 发现 打算 出售 否认 知道 早已 被警 告过 用一 个小 时谈 送进
        了档 案馆 不再 支付 重新 测量 不愿 再承 拍下 列出 未能 谈妥 继承 春季 会议 失踪 的记 一箱 伪造 的印 第二
        条隧 道的 图纸 海鸥 岩上 的灯 袋处 理过 的谷 一封 笔迹 陌生 旧信 号桥 码头 上的 每一 盏灯 被淹 矿道 唯一
        的地 比小 镇还 古老 的债 米铜 夜间 飞行 的执 半野 的小 法院 让酿 酒厂 出名 的配 牌照 的卡 战前 铺设 的铁
        引水 员名 玻璃 眼珠 收藏 沿河 的用 水权 张未 付的 账单 沉没 教堂 的钟 谁也 修不 好的 机器 寡妇 基金 股股
        在海 关大 楼后 在东 防波 堤上 在上 在边 境附 近的 旅馆 在看 台底 在堆 满积 雪的 地窖 在水 库旁 在末 班电
        车上 在周 六的 集市 在阅 览室 在两 列货 车之 在牙 医的 窗外 沿着 废弃 的运 在结 冰的 湖面 当着 名证 坝脚
        在信 号室 通过 电话 大洪 水之 前就 有的 人人 以为 丢失 走路 有点 瘸的 歌里 唱过 用七 把锁 锁住 国王 曾经
        称赞 从来 没人 提起 名字 三月 里低 价买 来的 剩下 暴风 雨中 最后 见到 误涂 成绿 色的 借给 消防 队的 比看
        上去 更重 不老 也不 年轻 海边 都有 名的 画着 红十 字的 带着 焦油 和洋 葱味 每年 冬天 数两 遍的 不比 鹅大
        还在 等盖 章的 一个 写在 份遗 嘱里 像停 工的 磨坊 一样 安静 离哪 里都 要半 天路
        """
    ),
    stock=(
        "发言人周一表示",
        "据熟悉此事的人士透露",
        "原因目前尚不清楚",
        "一位不愿具名的官员说",
        "当地报纸报道",
        "正如听证会所闻",
        "在周五深夜发表的声明中",
        "经过几个月的拖延",
        "十年来第一次",
        "记者未能联系到官员",
        "尽管审计员曾经警告",
        "据邻居们回忆",
    ),
    space="",
    comma="，",
    stop="。",
)

LANGUAGES = (ENGLISH, KOREAN, CHINESE)

_PAIRS = (
    "务務两兩检檢查查员員位位休休号號镇鎮长長军軍潜潛职職厂廠老老电電车車机機首首审審计計气氣台臺养養马馬罗羅湾灣检檢官官创創办辦遗遺孀孀"
    "矿礦业業学學转轉为為证證渡渡轮輪书書匿匿关關轻輕议議坝壩师師译譯储儲银銀会會个個弟弟编編辑輯"
    "绝絕将將决決见見细細读讀签簽据據说說录錄应應发發现現卖賣认認过過时時间間谈談论論进進档檔馆館测測愿願拍拍继繼"
    "纪紀记記箱箱伪偽图圖纸紙鸥鷗灯燈处處谷穀陌陌桥橋码碼头頭盏盞唯唯债債务務铜銅线線飞飛执執照照让讓酿釀厂廠"
    "没沒战戰铺鋪设設铁鐵轨軌册冊张張账賬单單钟鐘谁誰寡寡妇婦东東边邊旅旅馆館满滿积積库庫旁旁阅閱览覽货貨废廢弃棄运運结結湖湖号號"
    "话話达達声聲经經几幾拖拖来來联聯系繫尽盡邻鄰们們忆憶沿沿听聽闻聞"
    "丢丟过過锁鎖国國称稱赞讚从從来來没沒价價买買误誤绿綠队隊红紅带帶葱蔥数數遍遍鹅鵝还還盖蓋个個证證遗遺嘱囑里裡样樣静靜离離"
    "闭閉启啟请請问問题題种種导導传傳师師园園远遠还還后後从從这這样樣开開门門岛島类類钱錢难難须須观觀"
)
TRADITIONAL = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))
"""Simplified to traditional, for the characters used above: by hand, not by the table that watcher folds with."""
