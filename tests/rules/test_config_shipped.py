"""The config that ships: it loads without a doubt, and its watchlists find what an analyst of the beat would.

The sentences are invented; none of the people, places and cases in them is real.
"""

# ruff: noqa: E501 (tables: one row, one case)

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from watcher.config import load, warnings
from watcher.model import Fields
from watcher.watchlist.engine import Engine

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config.toml"

D, S, M = "Defections", "Security services", "Money"

FOUND = [
    # a sentence, and the watchlists that must hold on it
    ("A North Korean diplomat defected in Rome last week, two officials said.", {D}),
    ("The defector, who left North Korea in 2019, spoke on condition of anonymity.", {D}),
    ("Two DPRK soldiers fled across the river before dawn.", {D}),
    ("Seoul confirmed that a sailor from N. Korea sought asylum after his ship docked.", {D}),
    ("Rights groups say China forcibly repatriated dozens of North Koreans this month.", {D}),
    ("The escapee's mother still lives in Pyongyang.", {D}),
    ("An embassy clerk loyal to Kim Jong Un turned out to be a turncoat.", {D}),
    ("North Korean restaurant workers staged a mass defection from their dormitory.", {D}),
    ("북한 외교관이 유럽에서 망명을 신청한 것으로 알려졌다.", {D}),
    ("탈북민 지원 예산이 내년에 늘어난다.", {D}),
    ("최근 입국한 탈북자들에게는 임대주택이 제공된다.", {D}),
    ("기획탈북을 도운 혐의로 중개인이 조사를 받고 있다.", {D}),
    ("북한이탈주민의 정착을 돕는 재단이 문을 열었다.", {D}),
    ("북향민이라는 새 이름이 공문서에 쓰이기 시작했다.", {D}),
    ("북한군 병사 한 명이 새벽에 귀순했다.", {D}),
    ("새터민 학생들이 졸업식을 열었다.", {D}),
    ("北 외교관, 가족과 망명", {D}),
    ("북 병사 1명 귀순", {D}),
    ("중국이 북한 여성들을 강제북송했다고 단체가 밝혔다.", {D}),
    ("해외에 파견된 북한노동자 셋이 작업장을 무단이탈했다.", {D}),
    ("一名朝鲜外交官上月在欧洲叛逃。", {D}),
    ("多名脱北者在曼谷寻求庇护。", {D}),
    ("脫北者協會要求政府說明。", {D}),
    ("兩名北韓士兵向南投誠。", {D}),
    ("北朝鮮の外交官が政治亡命を求めた。", {D}),
    ("A North Korean trade envoy disappeared from his flat in Dalian.", {D}),
    ("Captured North Korean soldiers told a lawmaker what they had seen.", {D}),
    ("A counsellor of the DPRK embassy sought refuge in a church.", {D}),
    ("A North Korean soldier crossed the military demarcation line at dawn.", {D}),
    ("Monitors say China sends back dozens who left North Korea.", {D}),
    ("북한 식당 종업원 셋이 자취를 감췄다.", {D}),
    ("북, 외교관 가족 국내입국 보도에 침묵", {D}),
    ("북한 벌목공 두 명이 난민신청을 했다.", {D}),
    ("라오스가 북한 청소년들을 추방했다.", {D}),
    ("一名朝鲜留学生在里昂失联。", {D}),
    ("北韓飛行員駕機抵達韓國。", {D}),
    ("北朝鮮の技師が韓国に亡命した。", {D}),
    ("老挝把朝鲜少年遣送回国。", {D}),
    ("국가보위성이 국경 지역에서 검열을 시작했다.", {S}),
    ("소식통은 북한국가보위성이 나섰다고 말했다.", {S}),
    ("시 보위부가 전화 사용자를 단속했다.", {S}),
    ("보위지도원 두 명이 마을에 상주한다.", {S}),
    ("옛 국가안전보위부 출신 인사가 증언했다.", {S}),
    ("정찰총국(RGB)은 해외 조직을 다시 꾸렸다.", {S}),
    ("정찰정보총국으로 이름을 바꾼 뒤 처음이다.", {S}),
    ("사회안전성은 주민등록 사업을 벌이고 있다.", {S}),
    ("인민보안성 시절의 규정이 아직 쓰인다.", {S}),
    ("북한 국가정보국이 새로 출범했다고 소식통이 전했다.", {S}),
    ("평양시 안전부가 야간 통행을 막았다.", {S}),
    ("양강도 혜산시 안전원들이 장마당을 돌았다.", {S}),
    ("회령시에서 밀수꾼 넷이 체포됐다.", {S}),
    ("북한 당국이 주민 열 명을 공개처형했다.", {S}),
    ("북한에서 고위 간부가 숙청됐다는 관측이 나온다.", {S}),
    ("Agents of North Korea's Ministry of State Security searched the house.", {S}),
    ("In Pyongyang the MSS has grown more powerful.", {S}),
    ("The Reconnaissance General Bureau runs several front offices abroad.", {S}),
    ("A unit of the RGB-linked group, which answers to the DPRK, moved to Dalian.", {S}),
    ("The Bowibu questioned the whole village.", {S}),
    ("North Korean authorities arrested five traders in Hyesan.", {S}),
    ("Three men faced a firing squad in the North Korean border town.", {S}),
    ("Officers of the Ministry of People’s Security guard the bridge.", {S}),
    ("朝鲜国家保卫省加强了边境检查。", {S}),
    ("據報道，偵察總局派出了新的小組。", {S}),
    ("朝鲜当局处决了三名官员。", {S}),
    ("State security officers searched homes near the North Korean border.", {S}),
    ("A court in Suwon found the couple guilty of spying for Pyongyang.", {S}),
    ("North Korea executed the negotiator in spring, a newspaper said.", {S}),
    ("Kim Jong-nam was poisoned on his way to the gate.", {S}),
    ("북한 국가보위상이 바뀐 것으로 보인다.", {S}),
    ("북한 총참모장이 경질됐다.", {S}),
    ("북, 드라마 본 학생에 노동교화형", {S}),
    ("김정남 독살 사건의 재판이 시작됐다.", {S}),
    ("泰国警方拘留三名朝鲜男子。", {S}),
    ("北朝鮮が幹部を公開処刑した。", {S}),
    ("Office 39 moved the money through a bank in Macau, North Korean sources said.", {M}),
    ("The network helped Pyongyang evade sanctions by relabelling coal.", {M}),
    ("An Arizona laptop farm earned wages for North Korea.", {M}),
    ("The trader shipped luxury goods to Pyongyang by way of Macau.", {M}),
    ("A tanker met the North Korean ship at sea twice in May.", {M}),
    ("북한 선박이 밤마다 석탄을 환적했다.", {M}),
    ("북한 노동자들이 임금 대부분을 상납했다.", {M}),
    ("商人通过空壳公司向朝鲜出口服务器。", {M}),
    ("He laundered millions for North Korea through casinos.", {M}),
    ("North Korean IT workers were hired under false names.", {M}),
    ("Investigators tied the crypto heist to the Lazarus Group, a North Korean outfit.", {M}),
    ("Workers sent abroad must earn hard currency for the DPRK.", {M}),
    ("노동당 39호실이 관리하는 북한의 비자금이 드러났다.", {M}),
    ("북한 무역일꾼들은 충성자금 과제에 시달린다.", {M}),
    ("보위부가 외화벌이 일꾼을 조사했다.", {S, M}),
    ("39호실 간부의 해외 재산이 드러났다.", {M}),
    ("장마당 상인이 돈세탁을 도왔다.", {M}),
    ("Hackers of the Reconnaissance General Bureau laundered the coins.", {S, M}),
    ("외화벌이에 나선 북한 선원들이 돌아왔다.", {M}),
    ("유엔은 북한의 제재 회피 수법을 공개했다.", {M}),
    ("북한 해커들이 훔친 가상화폐를 현금으로 바꿨다.", {M}),
    ("북한 IT인력이 위장취업한 사실이 적발됐다.", {M}),
    ("朝鲜利用空壳公司洗钱。", {M}),
    ("北韓駭客竊取的加密貨幣流向境外。", {M}),
    ("朝鲜海外劳工每年为平壤创汇。", {M}),
    ("국가보위성 간부가 비자금을 들고 탈북했다.", {D, S, M}),
    ("A North Korean state security official defected with funds from a slush fund.", {D, S, M}),
    ("국가보위성 요원이 탈북자를 체포했다.", {D, S}),
    ("Captured in the trenches, the North Korean soldier says he wants to go to South Korea.", {D}),
    ("China repatriates a busload of North Koreans by night.", {D}),
    ("North Korean envoy to Benin gone missing with his family.", {D}),
    ("North Korean pilot's son defects.", {D}),
    ("Three from North Korea reach the South in a wooden boat.", {D}),
    ("A North Korean soldier crossed into South Korea before dawn.", {D}),
    ("北 외교관 부부, 리스본서 탈출", {D}),
    ("러시아 파견 북 노동자 7명 이탈", {D}),
    ("생포된 북한군 병사가 한국행을 희망했다.", {D}),
    ("북한 무역일꾼 일가족이 행방불명됐다.", {D}),
    ("朝鲜士兵越过军事分界线投奔南韩", {D}),
    ("Kim Jong Un sacks his minister of state security.", {S}),
    ("Two students were publicly shot in Hyesan.", {S}),
    ("North Korea jails a tourist from Norway for espionage.", {S}),
    ("Families of phone users were sent to a political camp in North Korea.", {S}),
    ("北, 남한 노래 들은 청년 공개총살", {S}),
    ("김정은, 현지에서 지배인 해임", {S}),
    ("金正恩在工厂当场将副总理撤职", {S}),
    ("朝鲜处死三名商人", {S}),
    ("North Korean hackers steal $40m from an exchange in Malta.", {M}),
    ("A tanker carried North Korean coal in breach of UN sanctions.", {M}),
    ("북한 해커, 거래소에서 코인 90억 탈취", {M}),
    ("북한은 무기 판매로 외화를 벌었다.", {M}),
    ("朝鲜黑客窃取的以太坊流向境外", {M}),
    ("North's Lazarus is behind the raid on a bridge, analysts say.", {M}),
    ("The FBI pinned the theft of 400 bitcoins on TraderTraitor.", {M}),
    ("An attaché defects to South, a paper says.", {D}),
    ("North Korea's consul in Varna went into hiding in spring.", {D}),
    ("The North Korean sergeant walked into the South on foot.", {D}),
    ("A North Korean clerk in Sofia asked for protection and will not return, his landlord said.", {D}),
    ("Rights lawyers say that deporting North Koreans breaks the rule of non-refoulement.", {D}),
    ("North Korea doubled the fences and the barbed wire along the Tumen.", {D}),
    ("Troops in Chagang were told to shoot on sight whoever nears the river.", {D}),
    ("A couple from Nampo swam for six hours.", {D}),
    ("Kim Jong Un fired his agriculture minister at a canal.", {S}),
    ("North Korea has replaced the commander of its air force.", {S}),
    ("Inmates of a reeducation camp in South Pyongan dig by hand.", {S}),
    ("Police rounded up whoever owned a radio, a North Korean said.", {S}),
    ("북한 요리사가 귀국 지시를 받고 종업원들과 함께 도망쳤다.", {D}),
    ("중국이 북한 청년 여섯을 남양으로 돌려보냈다.", {D}),
    ("북한 무역상과 연락이 끊겼다고 동료가 전했다.", {D}),
    ("자강도 국경경비대에 발포 명령이 내려졌다.", {D}),
    ("북한 당국은 두만강변에 철조망을 늘렸다.", {D}),
    ("북한 총참모장이 교체됐다.", {S}),
    ("북한 간부가 문책을 받고 지방으로 쫓겨났다.", {S}),
    ("함경남도 수용소에서 수감자가 숨졌다.", {S}),
    ("朝鲜技师在索非亚失去联系。", {D}),
    ("朝鲜在图们江边修建围墙和岗哨。", {D}),
    ("寮國將北韓少年送回平壤。", {D}),
    ("朝鲜撤换了空军司令。", {S}),
    ("两江道一名商人被抓，家人被关进集中营。", {S}),
]  # fmt: skip

SILENT = [
    # why it must not be found, its title, its text
    ("football", "North Korea women beat Japan in football semi-final", "The North Korean forward fled her marker and escaped twice to score."),
    ("football in Korean", "북한 여자축구, 일본 꺾고 결승행", "북한 선수들은 후반 들어 수비 진영을 탈출하며 역습에 나섰다."),
    ("immunology", "", "NK cells, or natural killer cells, patrol the blood; tumours that escaped them were defective."),
    ("immunology in Korean", "", "NK세포의 활성이 낮으면 암세포가 탈출하기 쉽다."),
    ("defective goods", "", "Defective shells sold by North Korea failed to explode, a report says."),
    ("a fleet", "", "North Korea showed its fleet of missile launchers at a parade."),
    ("fleece", "", "North Korea imports fleece and wool from Mongolia."),
    ("asylum elsewhere", "", "Thousands of Syrians sought asylum in Germany, and many fled through Turkey."),
    ("defection in politics", "", "The party whip announced two more defections before the vote in Westminster."),
    ("China's own ministry", "", "China's Ministry of State Security warned of foreign spies; the MSS offered rewards."),
    ("China's own ministry in Chinese", "", "国家安全部提醒公民注意境外间谍活动。"),
    ("the South's ministry of the interior in Chinese", "", "韩国行政安全部发布暴雨警报，居民被紧急疏散。"),
    ("the South's ministry of the interior", "", "행정안전부는 호우 경보를 발령했다."),
    ("a safety institute", "", "한국소방안전원이 교육 과정을 열었다."),
    ("Nigeria's agency", "", "Nigeria's National Intelligence Agency named a new director."),
    ("the American director", "", "미국 국가정보국(DNI)은 북한의 핵 능력이 커졌다고 평가했다."),
    ("colours", "", "The keyboard has RGB lighting and an rgb colour picker."),
    ("a mountain of Seoul", "", "북한산에서 잠적한 용의자가 사흘 만에 발견됐다."),
    ("a dish", "", "평양냉면 집 주인이 비자금을 만들고 잠적했다."),
    ("a motion that came to nothing", "", "체포 동의안이 무산되자 여당이 반발했다."),
    ("an arrest of the South", "", "경찰이 마약 조직원을 체포했다."),
    ("a river", "", "북한강변 별장을 비자금으로 사들인 혐의를 받는다."),
    ("slush funds of the South", "", "검찰은 건설사 비자금 사건을 수사하고 있다."),
    ("Beijing, shaken off", "", "他们希望摆脱北京的影响，出逃的商人说。"),
    ("a desperado", "", "在朝鲜边境，这伙亡命之徒被描写得很生动。"),
    ("the north-east", "", "东北与北京之间的列车恢复运行，一名嫌犯出逃。"),
    ("Vietnam", "", "월남 참전 용사들이 북한산 둘레길을 걸었다."),
    ("a state government in exile elsewhere", "", "티베트 망명정부가 새 지도자를 뽑았다."),
    ("code that is executed", "", "North Korean hackers sent files that executed code on the victim's machine."),
    ("cryptography", "", "North Korean mathematicians published a paper on cryptography."),
    ("weather data", "", "The forecast for North Korea is computed from gridded data in GRIB2 files."),
    ("laundry", "", "A laundry opened in Pyongyang, state media said."),
    ("missiles, nothing else", "", "North Korea launched a ballistic missile toward the East Sea on Tuesday."),
    ("missiles, in Korean", "", "북한이 동해상으로 탄도미사일을 발사했다고 합참이 밝혔다."),
    ("missiles, in Chinese", "", "朝鲜向东部海域发射一枚弹道导弹。"),
    ("the outlet's name is no context", "", "Subscribe to Daily NK and NK News. Thousands fled the wildfire in Greece."),
    ("a women's team of the same name in one word", "북한 여자축구, 무승부", "북한 선수들은 수비 진영을 탈출했다."),
    ("missiles are fired as well", "", "North Korea fired two missiles from Wonsan; the general staff in Seoul gave no details."),
    ("a team's way home", "", "The North Korean weightlifters made it to the final and returned to Pyongyang with medals."),
    ("talks left", "", "North Korea's delegation walked out of the talks in Geneva."),
    ("a letter is handed over", "", "Kim Jong Un's letter was handed over to the envoy from Hanoi."),
    ("what hackers take out", "", "북한 해커가 대학에서 설계도를 빼냈다."),
    ("signs do not appear", "", "북한이 핵실험을 준비하는 징후는 나타나지 않았다고 합참이 밝혔다."),
    ("remains come home", "", "북한에서 숨진 미군 유해가 하와이로 송환됐다."),
    ("chances are seized", "", "朝中社称，金正恩要求抓住机遇发展地方工业。"),
    ("a show with someone who came", "탈북 가수, 주말 예능서 노래", "탈북 가수가 무대에서 세 곡을 불렀다."),
    ("a film about those who came", "脱北者题材影片下月上映", "导演说影片取材于一名脱北者的日记。"),
    ("a way out in diplomacy", "북한, 외교적 탈출구 모색", "북한이 제재 국면의 탈출구를 찾는다."),
    ("a visit", "", "The president may go to South Korea and hopes to meet Kim Jong-un."),
    ("hopes dismissed", "", "Kim Yo Jong dismissed hopes for talks; North Korea would never sit down with the South."),
    ("shells that were fired", "", "North Korea fired shells after it executed a drill near the sea border."),
    ("the weather", "", "북한 상공에서 찬 공기가 남하해 전국이 춥다고 기상청이 밝혔다."),
    ("a book", "북, 콘서트로 읽는다", "작가는 북 콘서트에서 도주 중에 쓴 글을 읽었다."),
    ("weapons, given up", "", "North Korea will not surrender its nuclear weapons, she said."),
    ("a visit of the leader", "", "Kim Jong-un may go to Seoul for another summit."),
    ("loudspeakers", "", "South Korea removed from the border the loudspeakers aimed at North Korea."),
    ("the South's own service", "", "한국 정보기관은 북한이 미사일 발사를 준비한다고 보고했다."),
    ("prisoners of an old war", "", "志愿军战俘在回忆录中讲述朝鲜战场的经历。"),
    ("an exchange", "코인원, 신규 상장", "거래소 코인원이 새 자산을 상장했다."),
    ("another minister", "", "韩国国防部长官被撤换，总统任命新长官。"),
    ("another Lazarus", "", "Lazarus rose from the dead; the crypto market did not."),
    ("markets for crypto", "", "Cryptocurrency prices fell as traders fled to bonds."),
]  # fmt: skip


@pytest.fixture(scope="module")
def config():
    return load(SHIPPED)


@pytest.fixture(scope="module")
def engine(config):
    return Engine(config.watchlists, config.concepts)


@pytest.mark.parametrize(("text", "expected"), FOUND, ids=[row[0][:40] for row in FOUND])
def test_a_watchlist_finds_what_it_is_for(engine, text, expected):
    assert {match.watchlist for match in engine.match(Fields(body=text))} == expected


@pytest.mark.parametrize(("text", "expected"), FOUND, ids=[row[0][:40] for row in FOUND])
def test_a_flash_of_a_title_alone_is_found_as_well(engine, text, expected):
    assert {match.watchlist for match in engine.match(Fields(title=text))} == expected


@pytest.mark.parametrize(("title", "text"), [row[1:] for row in SILENT], ids=[row[0] for row in SILENT])
def test_a_false_friend_meets_no_watchlist(engine, title, text):
    assert [match.watchlist for match in engine.match(Fields(title=title, body=text))] == []


def test_context_far_from_the_subject_does_not_count(engine):
    filler = "The weather stayed fine over the whole of the weekend. " * 8
    text = f"Thousands fled the flood in Libya. {filler}North Korea launched a satellite."
    assert engine.match(Fields(body=text)) == []


def test_the_shipped_config_raises_no_doubt(config):
    assert warnings(config) == ()


def test_what_ships_is_what_the_evidence_says(config):
    assert len(config.feeds) == 12
    assert {feed.group for feed in config.feeds if feed.group} == {"Yonhap", "Daily NK"}
    assert [channel.type for channel in config.channels] == ["console", "maildir"]
    assert all(watchlist.channels == ("terminal", "outbox") for watchlist in config.watchlists)
    assert config.folders[0].path == ROOT / "inbox"


def test_what_is_commented_out_loads_once_the_marks_are_taken_away(tmp_path):
    text = SHIPPED.read_text(encoding="utf-8")
    marked = re.sub(r"^# ?(?=(\[\[|\w+ +=|\w+ = ))", "", text, flags=re.MULTILINE)
    path = tmp_path / "config.toml"
    path.write_text(marked, encoding="utf-8")
    config = load(path)
    assert len(config.feeds) == 18
    assert {channel.name for channel in config.channels} == {"terminal", "outbox", "desk", "hook", "chat"}
    assert config.watchlists[-1].deliver == "daily 07:30"


def test_no_secret_stands_in_the_shipped_config():
    raw = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert "password" not in str(raw)


def test_it_is_read_in_five_minutes():
    text = SHIPPED.read_text(encoding="utf-8")
    prose = " ".join(line.partition("#")[2] for line in text.splitlines() if "#" in line)
    assert len(prose.split()) < 1000  # 200 words a minute
    words = text.partition("\n[concepts]\n")[2].partition("\n[[watchlists]]\n")[0]
    assert len(text.splitlines()) - len(words.splitlines()) < 190  # lists of words are skimmed
    assert len(words.splitlines()) < 200
    assert max(map(len, text.splitlines())) <= 130


def test_each_term_stands_once_in_its_concept(config):
    for name, terms in config.concepts.items():
        assert len(set(terms)) == len(terms), name
