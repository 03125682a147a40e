"""The words of generated headlines, by their place in a sentence. All people are made up."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


ROLES = _words("""
    Senator Mayor Actor Singer Coach Judge Governor Chef Astronaut Director Novelist Striker
    Minister Rapper Princess Banker Surgeon Comedian Inventor General
""")

SURNAMES = _words("""
    Abernathy Blackwood Calloway Dunmore Eastwick Fairbanks Galloway Harrowgate Ingleby Jessop
    Kettering Lockhart Merriweather Northcott Oakhurst Pemberton Quimby Ravenscroft Silverton
    Thistlewood Underhill Vandermeer Wetherby Yarborough Zimmerly Ashdown Birchall Cromarty
    Dalrymple Elphinstone Fernsby Greenhalgh Hathersage Ivory Jolliffe Kingsmill Larkspur
    Mossgrove Nettlefold Osgood Pickering Quarles Rothesay Stonebridge Tremaine Upjohn Vickers
    Winterbourne Yelland Zeller Appleyard Bramwell Cartwheel Drummond Everleigh Foxglove
    Goldacre Hollister Inskip Jardine Kerrigan Lovelace Montrose Nightingale Orchard Peregrine
""")

PLACES = _words("""
    Alaska Bavaria Cairo Dublin Edinburgh Florida Geneva Helsinki Istanbul Jakarta Kansas Lisbon
    Mexico Nairobi Oslo Prague Quebec Rome Seoul Texas Utah Venice Wales Yokohama Zurich Athens
    Boston Chicago Denver Ethiopia Finland Greece Hawaii Iceland Jamaica Kenya Lagos Montana
    Nepal Oregon Peru Rwanda Scotland Tokyo Uganda Vietnam Warsaw Yukon
""")

TOPICS = _words("""
    Taxes Climate Vaccines Coffee Puppies Elections Oil Football Chocolate Robots Whales
    Refugees Wine Museums Drones Gardens Hurricanes Pensions Opera Bees Diets Prisons Trains
    Satellites Weddings Cheese Traffic Dinosaurs Wages Yoga Comets Libraries Pizza Strikes
    Volcanoes Perfume Schools Tigers Hackers Tea Glaciers Marathons Beards Bridges Dragons
    Farming Gossip Hospitals Jazz Kittens Lotteries Mushrooms Oceans Pirates Rockets Sharks
    Television Umbrellas Violins Wolves
""")

VERBS = _words("""
    Slams Praises Sues Defends Ignores Rescues Mocks Bans Buys Cancels Celebrates Demands Doubts
    Embraces Exposes Fears Fights Forgets Funds Guards Haunts Inspires Investigates Joins Leaves
    Loves Mourns Needs Opposes Outsmarts Protects Questions Rejects Remembers Reveals Ruins
    Saves Surprises Teaches Threatens Trusts Welcomes
""")

ADJECTIVES = _words("""
    Adorable Alarming Ancient Bizarre Brilliant Brutal Cheap Clever Controversial Creepy
    Dangerous Delicious Devastating Dreadful Epic Expensive Famous Forgotten Gorgeous
    Heartbreaking Hilarious Historic Illegal Incredible Inspiring Lonely Magical Massive
    Mysterious Outrageous Perfect Powerful Ridiculous Romantic Sacred Scary Secret Shocking
    Stunning Tiny Tragic Unexpected Useless Viral Weird Wonderful
""")

REACTIONS = _words("""
    Cry Laugh Smile Think Scream Dance Faint Gasp Wonder Rethink
""")

NUMBERS = _words("""
    3 5 7 9 10 11 13 15 17 19 21 25 30 50
""")

PAGES = _words("""
    abcnews bbcnews bbcworldnews cnbc cnn entertainmentweekly foxnews goodmorningamerica
    huffingtonpost huffpostpolitics mashable msnbc natgeo newyorkmag npr nytimes peoplemag
    theguardian theonion time tmz todayshow usatoday yahoonews
""")
