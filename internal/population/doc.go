// Package population makes synthetic residents (合成人口): a register of invented people, plausible enough to try a
// country with, and labelled as invented. It refuses a municipality that keeps no register on the day, and more
// residents than the municipality has record codes for.
//
// A population is a function of municipality, day and seed: the same three give the same residents, in the same order,
// and a larger count begins with the residents of a smaller one. To add people to a municipality, raise the count;
// another seed is another population of the same municipality, whose codes and household ids may be the same ones.
// Municipalities never share a record code, whatever their seeds (see pool).
//
// # What is plausible, and on what it rests
//
// Everything below is rounded, from memory and not verified against the publications named:
//
//   - Ages: 人口推計 (Statistics Bureau) of 2024-10-01, shares of five-year groups from 0–4 on, in permille: 32 38 42 44 50 53
//     51 55 61 71 78 69 61 59 66 65 50 33 16 5, and 1 aged 100 and over. They are the same for every municipality and
//     every day asked for, so a population of 2004 is older than that of 2004 was.
//
//   - Households: kinds in the census of 2020 (国勢調査), in percent: one person 38, couple 20.5, couple with children
//     25.5, one parent with children 9, the rest 7, which is here three generations. A household has 2.2 persons.
//
//   - Foreign residents: 2.5 % of the country, 5.5 % in 足立区; nationalities of the end of 2023 (在留外国人統計). Before
//     2012-07-09 there are none in the register. Their common names (通称) are guesses.
//
//   - Names: hand-made lists. Family names with rough frequencies, some of them regional, and a small share in the
//     forms of the official characters (髙, 﨑, 𠮷, 葛 and 辻 with their variation sequences); given names by sex and
//     time of birth.
//
//   - Towns of 松本市, 飯田市 and 足立区: hand-made lists, with block and lot numbers drawn without looking. Every other
//     municipality has towns such as most have. An address may by chance be a real one; nobody here lives there.
//
//   - The master of towns (町字マスター) of a municipality has exactly the towns of its list; ids are counted through, readings are from memory.
//
//   - Of those over 90, 4 % have a birth date of which the day, the month or everything is unknown. Births on
//     29 February are as frequent as the calendar makes them.
//
//   - The items of 法7条 and 30条の45 (本籍 and 筆頭者, 旧氏, furigana, earlier address, electoral roll, social insurance, the stay of
//     foreign residents) are drawn from dice of their own, with shares that are guesses. Those that came with a day (旧氏 2019,
//     後期高齢者医療 2008) are not there before it; furigana are those of the reading, on any day.
//
// There are no individual numbers (個人番号): the country assigns them from the record codes.
package population
